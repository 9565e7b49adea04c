"""Our scores are those of independent programs; each test is skipped where its program is not installed."""

import numpy as np
import pytest
import SimpleITK
from scipy import ndimage
from small_masks import label_map

from SpineGTRefineLib.learning.evaluation import evaluate_case, surface_distances

SPACINGS = [(1.0, 1.0, 1.0), (0.5, 0.5, 4.0), (3.3, 0.7, 0.7)]


def pair(seed, shape=(20, 22, 24)):
    rng = np.random.default_rng(seed)
    truth = ndimage.gaussian_filter(rng.normal(size=shape), 2) > 0
    noisy = ndimage.gaussian_filter(truth + rng.normal(size=shape) * 0.3, 1) > 0.5
    return noisy, truth


@pytest.mark.parametrize("spacing", SPACINGS)
def test_overlap_is_that_of_simpleitk(spacing):
    prediction, truth = pair(1)
    images = [SimpleITK.GetImageFromArray(array.astype(np.uint8)) for array in (prediction, truth)]
    measure = SimpleITK.LabelOverlapMeasuresImageFilter()
    measure.Execute(images[1], images[0])
    maps = [label_map(array.astype(np.uint8) * 41, spacing=spacing) for array in (prediction, truth)]
    (found,) = evaluate_case(*maps).structures
    assert found.dice == pytest.approx(measure.GetDiceCoefficient(1), abs=1e-12)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_surfaces_are_those_of_surface_distance(spacing, monkeypatch):
    other = pytest.importorskip("surface_distance", reason="needs surface-distance, which is not installed by default")
    monkeypatch.setattr(np, "Inf", np.inf, raising=False)  # it was written for numpy 1
    for seed in range(4):
        prediction, truth = pair(seed)
        ours = surface_distances(prediction, truth, spacing)
        theirs = other.compute_surface_distances(truth, prediction, spacing)
        assert np.array_equal(ours.to_truth, theirs["distances_pred_to_gt"])
        for tolerance in (0.5, 1.0, 3.0):
            expected = other.compute_surface_dice_at_tolerance(theirs, tolerance)
            assert ours.dice(tolerance) == pytest.approx(expected, abs=0.005)
        # Areas of single cells differ by a few percent, so that the quantile may fall on the next distance.
        assert abs(ours.hausdorff_mm() - other.compute_robust_hausdorff(theirs, 95)) <= max(spacing)
        assert ours.hausdorff_mm(1) == other.compute_robust_hausdorff(theirs, 100)


def test_instances_are_those_of_panoptica():
    panoptica = pytest.importorskip("panoptica", reason="needs panoptica, which is not installed by default")
    truth = np.zeros((12, 12, 60), np.uint8)
    prediction = np.zeros_like(truth)
    for n, value in enumerate(range(41, 46)):
        truth[2:8, 1:8, 12 * n : 12 * n + 8] = value
        prediction[2:8, 1 + n : 8 + n, 12 * n : 12 * n + 8] = value + 1
    evaluator = panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.UNMATCHED_INSTANCE, instance_matcher=panoptica.NaiveThresholdMatching()
    )
    result = evaluator.evaluate(prediction, truth, verbose=False)["ungrouped"]
    (ours,) = evaluate_case(label_map(prediction), label_map(truth)).instances
    assert (ours.found, ours.missed, ours.extra) == (result.tp, result.fn, result.fp)
    assert (ours.rq, ours.sq, ours.pq) == pytest.approx((result.rq, result.sq, result.pq), abs=1e-6)
