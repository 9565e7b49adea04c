"""The models that ship, over the whole way: image on disk, recipe, saved derivative, compared with the truth.

The phantoms are drawn from seeds that were fixed before training and never trained on.
"""

from pathlib import Path

import numpy as np
import pytest
from bids_validator import validator_errors

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.imaging import Image, read_labels, reorient, write_image
from SpineGTRefineLib.learning.demos.scores import dice
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe

pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
pytest.importorskip("nnunetv2", reason="needs nnU-Net (the extra [models])")
from SpineGTRefineLib.learning.demos.single_mask import SEEDS as TRAINING_SEEDS
from SpineGTRefineLib.learning.demos.single_mask import TESTS as TEST_PHANTOMS

pytestmark = pytest.mark.slow

GOALS = {"canal": 0.90, "cord": 0.85}


def put(root: Path, subject: str, image: Image, contrast: str = "T2w") -> None:
    path = root / f"sub-{subject}" / "anat" / f"sub-{subject}_{contrast}.nii.gz"
    path.parent.mkdir(parents=True)
    write_image(path, image)


def run(root: Path, name: str) -> dict:
    dataset = Dataset.open(root)
    model = ModelStore(root.parent / "no-models-of-the-user").find(f"demo_{name}")
    outcomes = {o.key: o for o in run_on_dataset(recipe(name), dataset, dataset.cases(), model)}
    assert all(o.succeeded for o in outcomes.values()), [str(o.error) for o in outcomes.values() if o.error]
    return outcomes


@pytest.fixture(scope="module")
def phantoms():
    assert not {p["seed"] for p in TEST_PHANTOMS.values()} & set(TRAINING_SEEDS)
    return {kind: make_spine(rootlets=False, **settings) for kind, settings in TEST_PHANTOMS.items()}


@pytest.mark.parametrize("name", ["canal", "cord"])
def test_held_out_phantoms_are_segmented_from_disk_to_derivative(phantoms, tmp_path, name):
    root = tmp_path / "data"
    for kind, phantom in phantoms.items():
        put(root, kind.replace("-", ""), phantom.image)
    outcomes = run(root, name)
    scores = {}
    for kind, phantom in phantoms.items():
        saved = read_labels(outcomes[f"sub-{kind.replace('-', '')}_T2w"].saved.path, recipe(name).mask_type.scheme)
        assert saved.geometry.matches(phantom.image.geometry)
        scores[kind] = dice(saved.array > 0, getattr(phantom, name).array > 0)
    assert min(scores.values()) >= GOALS[name], scores
    assert validator_errors(Dataset.open(root).output) == []


def test_the_storage_of_an_image_does_not_change_the_result(phantoms, tmp_path):
    """The same scan stored along other axes, right- and left-handed, gives the same mask at the same places."""
    image, root = phantoms["thick-slice"].image, tmp_path / "data"
    for n, letters in enumerate(("RAS", "PIR", "LAS", "SRA")):
        put(root, f"{n}", reorient(image, letters))
    outcomes = run(root, "canal")
    masks = [reorient(read_labels(o.saved.path, recipe("canal").mask_type.scheme), "RAS") for o in outcomes.values()]
    assert masks[0].array.any()
    for mask in masks[1:]:
        assert np.array_equal(mask.array, masks[0].array)
        assert mask.geometry.matches(masks[0].geometry)
