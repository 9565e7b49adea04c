"""The recipes spine and sacrum over the whole way: phantom on disk, demo model, saved derivative, compared with truth.

The demo model does not draw C1, and a vertebra whose body is out of view has nothing to be named by: both are left out
of the figures here, and said on the model card.
"""

from pathlib import Path

import numpy as np
import pytest
from bids_validator import validator_errors

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.imaging import Image, read_image, read_labels, write_image
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.composition import compose_case
from SpineGTRefineLib.recipes.definition import recipe

pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
pytest.importorskip("nnunetv2", reason="needs nnU-Net (the extra [models])")
from SpineGTRefineLib.learning.demos.spine import TESTS

pytestmark = pytest.mark.slow

SPINE = scheme("spine")
NOT_DRAWN = SPINE.value_of("vertebra_C1")
VERTEBRAE = 50
"""Values below are vertebrae, above are discs; the value itself is the sacrum."""


def put(root: Path, subject: str, image: Image) -> None:
    path = root / f"sub-{subject}" / "anat" / f"sub-{subject}_T2w.nii.gz"
    path.parent.mkdir(parents=True)
    write_image(path, image)


def run(root: Path, name: str) -> dict:
    dataset = Dataset.open(root)
    store = ModelStore(root.parent / "no-models-of-the-user")
    outcomes = run_on_dataset(recipe(name), dataset, dataset.cases(), store.find("demo_spine"), store=store)
    found = {outcome.key: outcome for outcome in outcomes}
    assert all(o.succeeded for o in found.values()), [str(o.error) for o in found.values() if o.error]
    return found


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def drawn_values(phantom):
    """Structures of a phantom that can be expected: not C1, and only vertebrae whose body is in view."""
    for value in np.unique(phantom.spine.array)[1:]:
        inside = phantom.spine.array == value
        has_body = value >= VERTEBRAE or np.isin(phantom.semantic.array[inside], (49, 62)).any()
        if value != NOT_DRAWN and has_body:
            yield int(value)


@pytest.mark.parametrize("kind", ["T13", "cropped"])
def test_levels_are_right_and_shapes_good_from_disk_to_derivative(tmp_path, kind):
    phantom = make_spine(rootlets=False, **TESTS[kind])
    put(tmp_path / "data", "01", phantom.image)
    saved = run(tmp_path / "data", "spine")["sub-01_T2w"].saved
    labels = read_labels(saved.path, SPINE)
    assert labels.geometry.matches(phantom.image.geometry)
    scores = {}
    for value in drawn_values(phantom):
        true = phantom.spine.array == value
        named = labels.array[true]
        assert np.bincount(named[named > 0]).argmax() == value, f"{SPINE[value].name} got another name"
        scores[value] = dice(true, labels.array == value)
    assert np.mean([score for value, score in scores.items() if value < VERTEBRAE]) >= 0.85
    assert np.mean([score for value, score in scores.items() if value > VERTEBRAE]) >= 0.85
    assert scores[VERTEBRAE] >= 0.83
    dataset = Dataset.open(tmp_path / "data")
    assert {mask.mask_type.name for mask in dataset.case("sub-01_T2w").masks} >= {"spine", "canal", "cord"}
    composed = read_labels(compose_case(dataset, dataset.case("sub-01_T2w")).path, SPINE)
    assert set(np.unique(composed.array)) >= {1, 2, *scores}
    assert validator_errors(dataset.output) == []
    (again,) = run(tmp_path / "data", "spine").values()
    assert again.skipped


def test_the_sacrum_alone_is_one_piece(tmp_path):
    phantom = make_spine(rootlets=False, **TESTS["thick-slice"])
    put(tmp_path / "data", "01", phantom.image)
    saved = run(tmp_path / "data", "sacrum")["sub-01_T2w"].saved
    assert dice(read_labels(saved.path, scheme("sacrum")).array > 0, phantom.sacrum.array > 0) >= 0.85


def test_an_image_without_a_spine_gives_an_empty_proposal_and_says_so(tmp_path):
    noise = np.random.default_rng(1).integers(0, 30, (24, 40, 40)).astype(np.int16)
    put(tmp_path / "data", "01", Image(noise, make_spine(1, spacing=4.0, shape=(24, 40, 40)).image.geometry))
    (outcome,) = run(tmp_path / "data", "spine").values()
    assert any("vertebra" in note or "found nothing" in note or "No landmark" in note for note in outcome.notes)


@pytest.mark.parametrize("name", ["spine", "sacrum"])
def test_real_mri_keeps_its_grid(shared_data, tmp_path, name):
    put(tmp_path / "data", "lumbar", read_image(shared_data / "mri" / "lumbar_t2.nii.gz"))
    for key, outcome in run(tmp_path / "data", name).items():
        image = read_image(Dataset.open(tmp_path / "data").case(key).image)
        labels = read_labels(outcome.saved.path, recipe(name).mask_type.scheme)
        assert labels.geometry.matches(image.geometry)
    assert validator_errors(Dataset.open(tmp_path / "data").output) == []
