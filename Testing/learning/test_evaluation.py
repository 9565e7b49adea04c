"""Scores are what their definitions say, on every grid, and never NaN."""

import json
import math

import numpy as np
import pytest
from scipy import ndimage
from small_masks import label_map, random_labels

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, LabelError, UsageError
from SpineGTRefineLib.imaging import read_labels, reorient
from SpineGTRefineLib.learning.evaluation import evaluate_case, explanation, explanations, surface_distances
from SpineGTRefineLib.learning.evaluation.cell_areas import cell_areas


def numbers_in(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from numbers_in(inner)
    elif isinstance(value, float):
        yield value


def box(shape, start, stop, value=41):
    array = np.zeros(shape, np.uint8)
    array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = value
    return array


def blob(seed, shape=(16, 18, 20), smooth=2.0):
    field = np.random.default_rng(seed).normal(size=shape)
    return ndimage.gaussian_filter(field, smooth) > 0


@pytest.mark.parametrize("seed", range(12))
def test_dice_equals_a_naive_loop_exactly(seed):
    one, other = random_labels(seed, count=9), random_labels(seed, count=9)
    other = np.roll(other, 1, axis=0)
    metrics = evaluate_case(label_map(one, "rootlets"), label_map(other, "rootlets"))
    naive = {}
    for value in range(1, 10):
        total = int((one == value).sum()) + int((other == value).sum())
        if total:
            naive[value] = 2 * int(((one == value) & (other == value)).sum()) / total
    assert {entry.value: entry.dice for entry in metrics.structures} == naive


def test_a_mask_agrees_with_itself_perfectly():
    labels = label_map(blob(1).astype(np.uint8) * 41, spacing=(0.5, 0.5, 4.0))
    (found,) = evaluate_case(labels, labels).structures
    assert (found.dice, found.nsd, found.hd95_mm, found.volume_ratio) == (1.0, 1.0, 0.0, 1.0)


def test_a_step_along_a_thick_slice_is_as_far_as_the_slice_is_thick():
    one, other = box((12, 12, 12), (3, 3, 3), (8, 8, 8)), box((12, 12, 12), (3, 3, 5), (8, 8, 10))
    (found,) = evaluate_case(*(label_map(array, spacing=(0.5, 0.5, 4.0)) for array in (one, other))).structures
    assert found.hd95_mm == 8.0
    assert found.dice == pytest.approx(2 * 3 / 10)


def test_a_structure_at_the_border_of_the_image_has_a_closed_surface():
    inner, outer = box((9, 9, 9), (2, 2, 2), (6, 6, 6)), box((4, 4, 4), (0, 0, 0), (4, 4, 4))
    areas = [surface_distances(array > 0, array > 0, (1.0, 1.0, 1.0)).truth_areas.sum() for array in (inner, outer)]
    assert areas[0] == areas[1]


def test_areas_are_those_of_flat_faces_and_of_cut_corners():
    areas = cell_areas((2.0, 3.0, 5.0))
    assert areas[0b00001111] == pytest.approx(15.0)  # the half of a cell, along i
    assert areas[0b00110011] == pytest.approx(10.0)
    assert areas[0b01010101] == pytest.approx(6.0)
    assert areas[1] == pytest.approx(np.linalg.norm(np.cross([-1, 1.5, 0], [-1, 0, 2.5])) / 2)
    assert areas[0] == areas[255] == 0


@pytest.mark.parametrize("flips", [(0,), (1,), (2,), (0, 2)])
def test_a_mirrored_mask_has_the_same_scores(flips):
    one, other = blob(3), blob(4)
    there = surface_distances(one, other, (1.0, 2.0, 0.7))
    back = surface_distances(np.flip(one, flips), np.flip(other, flips), (1.0, 2.0, 0.7))
    assert back.dice(1.0) == pytest.approx(there.dice(1.0))
    assert back.hausdorff_mm() == pytest.approx(there.hausdorff_mm())


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.5, 4.0)])
def test_distances_are_those_of_distance_maps(spacing):
    from SpineGTRefineLib.learning.evaluation.surfaces import cell_codes

    one, other = blob(5), blob(6)
    on_one, on_other = ((codes > 0) & (codes < 255) for codes in map(cell_codes, (one, other)))
    expected = np.sort(ndimage.distance_transform_edt(~on_other, sampling=spacing)[on_one])
    assert np.array_equal(surface_distances(one, other, spacing).to_truth, expected)


def test_what_only_one_of_the_two_has_counts_as_zero_and_has_no_distance():
    truth = label_map(box((8, 8, 8), (1, 1, 1), (4, 4, 4), 41))
    prediction = label_map(box((8, 8, 8), (1, 1, 1), (4, 4, 4), 42))
    by_key = {entry.key: entry for entry in evaluate_case(prediction, truth).structures}
    assert by_key["vertebra_L1"].presence == "missed"
    assert by_key["vertebra_L2"].presence == "extra"
    for entry in by_key.values():
        assert (entry.dice, entry.nsd, entry.hd95_mm) == (0.0, 0.0, None)
    assert by_key["vertebra_L2"].volume_ratio is None


def test_two_empty_masks_agree_about_everything():
    empty = label_map(np.zeros((5, 5, 5), np.uint8))
    metrics = evaluate_case(empty, empty)
    assert metrics.structures == ()
    assert metrics.mean("dice") is None
    json.dumps(metrics.as_dict(), allow_nan=False)


def test_a_mask_that_is_one_level_off_is_well_drawn_and_wrongly_named():
    truth = np.zeros((10, 10, 40), np.uint8)
    for n, value in enumerate((44, 43, 42, 41)):
        truth[2:8, 2:8, 10 * n : 10 * n + 6] = value
    shifted = np.where(truth > 0, truth + 1, 0).astype(np.uint8)
    metrics = evaluate_case(label_map(shifted), label_map(truth))
    (vertebrae,) = metrics.instances
    assert (vertebrae.found, vertebrae.rq, vertebrae.sq, vertebrae.naming) == (4, 1.0, 1.0, 0.0)
    assert metrics.value("vertebra_L1", "dice") == 0.0


def test_another_axis_order_or_scheme_changes_no_score():
    truth = label_map(box((7, 8, 9), (1, 2, 3), (5, 6, 8)), axcodes="RAS")
    prediction = label_map(box((7, 8, 9), (1, 2, 3), (5, 6, 7)))
    straight = evaluate_case(prediction, truth)
    assert evaluate_case(reorient(prediction, "PIL"), truth).structures == straight.structures
    other, _ = prediction.converted(scheme("totalspineseg"))
    assert evaluate_case(other, truth).structures == straight.structures


def test_masks_of_different_places_are_refused_and_so_are_unknown_values():
    truth = label_map(box((7, 8, 9), (1, 2, 3), (5, 6, 8)))
    with pytest.raises(GeometryError):
        evaluate_case(label_map(truth.array, spacing=(1, 1, 2.0)), truth)
    with pytest.raises(LabelError, match=r"prediction.*222"):
        evaluate_case(label_map(np.where(truth.array, 222, 0).astype(np.uint8)), truth)
    with pytest.raises(LabelError, match=r"truth.*222"):
        evaluate_case(truth, label_map(np.where(truth.array, 222, 0).astype(np.uint8)))
    with pytest.raises(UsageError):
        evaluate_case(truth, truth, tolerance_mm=float("nan"))


def naive_level(prediction, truth, value):
    """The definitions in words, slice after slice, the last one too."""
    shared = missed = extra = 0
    dice = []
    for k in range(truth.shape[2]):
        p, t = prediction[:, :, k] == value, truth[:, :, k] == value
        if p.any() or t.any():
            dice.append(2 * int((p & t).sum()) / int(p.sum() + t.sum()))
            shared += int(p.any() and t.any())
            missed += int(t.any() and not p.any())
            extra += int(p.any() and not t.any())
    return shared, missed, extra, 2 * shared / (2 * shared + missed + extra), pytest.approx(float(np.mean(dice)))


@pytest.mark.parametrize("seed", range(6))
def test_levels_equal_a_naive_loop_over_slices(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, (3, 3, 12)) * (rng.random((3, 3, 12)) < 0.1)
    prediction = np.roll(truth, 1, axis=2)
    metrics = evaluate_case(label_map(prediction.astype(np.uint8), "rootlets"), label_map(truth, "rootlets"))
    for level in metrics.levels:
        value = scheme("rootlets").value_of(level.key)
        ours = (level.slices_shared, level.slices_missed, level.slices_extra, level.z_f1, level.slice_dice)
        assert ours == naive_level(prediction, truth, value)


def test_the_last_slice_counts_and_a_level_only_in_the_prediction_is_told():
    truth, prediction = np.zeros((3, 3, 6), np.uint8), np.zeros((3, 3, 6), np.uint8)
    truth[1, 1, 2:5] = 5
    prediction[1, 1, 3:6] = 5  # one slice up, to the last slice of the image
    prediction[0, 0, 0] = 7
    five, seven = evaluate_case(label_map(prediction, "rootlets"), label_map(truth, "rootlets")).levels
    assert (five.slices_shared, five.slices_missed, five.slices_extra) == (2, 1, 1)
    assert five.z_f1 == pytest.approx(2 / 3)
    assert (five.head_shift_mm, five.foot_shift_mm) == (-1.0, -1.0)  # above the truth
    assert (seven.key, seven.z_f1, seven.slices_extra, seven.head_shift_mm) == ("rootlets_C7", 0.0, 1, None)


def test_shifts_point_to_the_feet_however_the_image_is_stored():
    truth, prediction = np.zeros((3, 3, 9), np.uint8), np.zeros((3, 3, 9), np.uint8)
    truth[1, 1, 4:7] = 5
    prediction[1, 1, 2:6] = 5
    one, other = (label_map(array, "rootlets", spacing=(1, 1, 2.0)) for array in (prediction, truth))
    for axcodes in ("RAS", "LPI", "PSR"):
        (level,) = evaluate_case(reorient(one, axcodes), reorient(other, axcodes)).levels
        assert (level.head_shift_mm, level.foot_shift_mm) == (2.0, 4.0)
        assert (level.prediction_mm, level.truth_mm) == (8.0, 6.0)


def test_the_reference_rootlets_have_the_scores_that_counting_by_hand_gives(shared_data):
    rootlets = scheme("rootlets")
    prediction, truth = (read_labels(shared_data / "rootlets" / f"{n}.nii.gz", rootlets) for n in ("pred", "gt"))
    metrics = evaluate_case(prediction, truth)
    p, t = prediction.array == 5, truth.array == 5
    assert metrics.value("rootlets_C5", "dice") == 2 * int((p & t).sum()) / int(p.sum() + t.sum())
    level = next(level for level in metrics.levels if level.key == "rootlets_C5")
    assert (level.slices_shared, level.slices_missed, level.slices_extra) == (18, 1, 1)
    assert level.z_f1 == 36 / 38
    assert level.truth_mm == 19 * 0.5


def test_a_model_far_from_the_person_gets_a_table_without_nan(shared_data):
    folder = shared_data / "mri"
    names = ("cervical_t2_seg-deepseg_rootlets", "cervical_t2_seg-deepseg_rootlets-manual")
    metrics = evaluate_case(*(read_labels(folder / f"{name}.nii.gz", scheme("rootlets")) for name in names))
    text = metrics.as_dict()
    json.dumps(text, allow_nan=False)
    assert all(math.isfinite(number) for number in numbers_in(text))
    assert [entry.presence for entry in metrics.structures] == ["extra", "extra", "both", "both", "missed"]


def test_every_metric_is_explained():
    truth = label_map(box((8, 8, 8), (1, 1, 1), (4, 4, 4), 41))
    measured = set(evaluate_case(truth, truth).structures[0].as_dict())
    assert {"dice", "nsd", "hd95_mm", "volume_ratio"} <= measured & {entry.metric for entry in explanations()}
    assert explanation("hd95_mm").unit == "mm"
    with pytest.raises(UsageError):
        explanation("accuracy")
