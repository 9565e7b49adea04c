"""The recipes mouse and lumbosacral with the models that ship, from the image on disk to the saved derivative.

The phantoms are drawn from seeds that were never trained on.
"""

from pathlib import Path

import numpy as np
import pytest
from bids_validator import validator_errors

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.errors import InputError
from SpineGTRefineLib.imaging import Geometry, Image, crop, read_labels, write_image
from SpineGTRefineLib.learning.demos.scores import dice
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.phantoms.mouse import make_mouse
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.cord_crop import box_around, centerline_of, cut_image
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.stated_settings import parse_settings
from SpineGTRefineLib.refine.matter import labeled_slices

pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
pytest.importorskip("nnunetv2", reason="needs nnU-Net (the extra [models])")
from SpineGTRefineLib.learning.demos import DEMOS

pytestmark = pytest.mark.slow

GOAL = 0.85


def put(root: Path, subject: str, image: Image, contrast: str) -> None:
    write_image(root / f"sub-{subject}" / "anat" / f"sub-{subject}_{contrast}.nii.gz", image)


def run(root: Path, name: str, *settings: str) -> dict:
    dataset, store = Dataset.open(root), ModelStore(root.parent / "no-models-of-the-user")
    chosen = recipe(name).with_settings(parse_settings(settings, recipe(name).settings))
    model = store.find(f"demo_{name}")
    return {o.key: o for o in run_on_dataset(chosen, dataset, dataset.cases(), model, store=store)}


@pytest.mark.parametrize("name", ["mouse", "mouse_2d", "lumbosacral"])
def test_test_phantoms_were_never_trained_on(name):
    demo = DEMOS[name]
    assert not {test["seed"] for test in demo.tests.values()} & set(demo.seeds)


def test_gray_and_white_matter_of_held_out_mice(tmp_path):
    root, phantoms = tmp_path / "data", {}
    for number, arguments in enumerate(DEMOS["mouse"].tests.values()):
        phantoms[f"{number}"] = phantom = make_mouse(**arguments)
        put(root, f"{number}", phantom.image, "T1w")
    outcomes = run(root, "mouse")
    scores = {}
    for subject, phantom in phantoms.items():
        saved = read_labels(outcomes[f"sub-{subject}_T1w"].saved.path, recipe("mouse").mask_type.scheme)
        assert saved.geometry.matches(phantom.image.geometry)
        assert set(saved.values()) == {1, 2}
        scores[subject] = [dice(saved.array == value, phantom.gmwm.array == value) for value in (1, 2)]
    assert min(map(min, scores.values())) >= GOAL, scores
    assert validator_errors(Dataset.open(root).output) == []


def test_gray_and_white_matter_of_a_single_slice(tmp_path):
    root, phantom = tmp_path / "data", make_mouse(9005)
    box = labeled_slices(phantom.gmwm)[20]
    put(root, "slice", crop(phantom.image, box), "T1w")
    (outcome,) = run(root, "mouse").values()
    assert outcome.succeeded, outcome.error
    saved, truth = read_labels(outcome.saved.path, recipe("mouse").mask_type.scheme), crop(phantom.gmwm, box)
    assert saved.geometry.matches(truth.geometry)
    assert min(dice(saved.array == value, truth.array == value) for value in (1, 2)) >= GOAL


def test_a_mouse_whose_header_says_one_millimeter_gets_the_same_mask_by_its_declared_size(tmp_path):
    phantom = make_mouse(9001, shape=(64, 64, 20))
    grid = phantom.image.geometry
    wrong = Image(phantom.image.array, Geometry(grid.shape, grid.affine @ np.diag([20, 20, 20, 1])))
    put(tmp_path / "true", "1", phantom.image, "T1w")
    put(tmp_path / "wrong", "1", wrong, "T1w")
    (true,), (told,) = (
        run(tmp_path / "true", "mouse").values(),
        run(tmp_path / "wrong", "mouse", "voxel_mm=0.05").values(),
    )
    first, second = (read_labels(o.saved.path, recipe("mouse").mask_type.scheme) for o in (true, told))
    assert np.array_equal(first.array, second.array)
    assert np.allclose(second.geometry.spacing, 1.0)


def test_the_lumbosacral_cord_of_held_out_phantoms(tmp_path):
    root, phantoms = tmp_path / "data", {}
    for number, arguments in enumerate(DEMOS["lumbosacral"].tests.values()):
        phantoms[f"{number}"] = phantom = make_spine(rootlets=False, **arguments)
        put(root, f"{number}", phantom.image, phantom.settings.contrast)
    outcomes = run(root, "lumbosacral")
    assert all(o.succeeded for o in outcomes.values()), [o.error for o in outcomes.values()]
    scores = {}
    for subject, phantom in phantoms.items():
        outcome = outcomes[f"sub-{subject}_{phantom.settings.contrast}"]
        saved = read_labels(outcome.saved.path, recipe("lumbosacral").mask_type.scheme)
        assert saved.geometry.matches(phantom.image.geometry)
        scores[subject] = dice(saved.array > 0, phantom.cord.array > 0)
        if phantom.settings.contrast != "T2w":  # it goes on below the cord's end there, and the run says what it is for
            assert any("trained on T2w" in note for note in outcome.notes), outcome.notes
            assert scores.pop(subject) > 0.5
    assert len(scores) == 3
    assert min(scores.values()) >= GOAL, scores
    assert validator_errors(Dataset.open(root).output) == []


def test_training_and_inference_standardize_with_the_constants_in_the_model():
    """The network's input is (x - mean) / deviation with the numbers of plans.json, not with those of the image."""
    from SpineGTRefineLib.models.case import NnunetCase
    from SpineGTRefineLib.models.loading import load_model

    loaded = load_model(ModelStore().find("demo_lumbosacral"))
    stored = loaded.folder.plans["foreground_intensity_properties_per_channel"]["0"]
    phantom = make_spine(9012, rootlets=False, region="lumbar", spacing=2.0)
    course = centerline_of(phantom.cord)
    box = box_around(phantom.image.geometry, course, across_mm=10, along_mm=5)
    cut = cut_image(phantom.image, box)
    seen = NnunetCase([cut], loaded, None).preprocess().numpy()[0]
    clipped = np.clip(cut.array, stored["percentile_00_5"], stored["percentile_99_5"])
    assert np.allclose(np.sort(seen.ravel()), np.sort(((clipped - stored["mean"]) / stored["std"]).ravel()), atol=1e-2)


def test_points_by_hand_take_the_place_of_the_coarse_cord_and_an_image_without_cord_is_told(tmp_path):
    phantom = make_spine(9011, rootlets=False, region="lumbar", spacing=(3.0, 1.0, 1.0))
    course = centerline_of(phantom.cord)
    points = "; ".join(" ".join(f"{x:.1f}" for x in point) for point in course[:: len(course) // 3])
    put(tmp_path / "data", "hand", phantom.image, "T2w")
    (outcome,) = run(tmp_path / "data", "lumbosacral", f"points={points}", "coarse=no-such-model").values()
    assert outcome.succeeded, outcome.error
    saved = read_labels(outcome.saved.path, recipe("lumbosacral").mask_type.scheme)
    assert dice(saved.array > 0, phantom.cord.array > 0) >= GOAL

    noise = np.random.default_rng(0).normal(500, 5, phantom.image.geometry.shape).astype(np.int16)
    put(tmp_path / "noise", "none", Image(noise, phantom.image.geometry), "T2w")
    (outcome,) = run(tmp_path / "noise", "lumbosacral").values()
    if outcome.error is not None:
        assert isinstance(outcome.error, InputError)
        assert "--set points=" in outcome.error.remedy
