"""Every recipe on real MRI, from file to derivative. What demo models draw there means nothing; the way counts."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
from bids_validator import validator_errors

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.errors import InputError
from SpineGTRefineLib.imaging import Box, crop, read_image, write_image
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe, recipe_names

pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
pytest.importorskip("nnunetv2", reason="needs nnU-Net (the extra [models])")

pytestmark = pytest.mark.slow

SETTINGS = {"mouse": {"voxel_mm": "0.05"}}
"""A person's cord is no mouse's: its true voxels would be refused."""


def put(root: Path, subject: str, image) -> None:
    write_image(root / f"sub-{subject}" / "anat" / f"sub-{subject}_T2w.nii.gz", image)


@pytest.fixture(scope="module")
def scans(shared_data):
    """Cervical and lumbar scans of the reference data, one slice, and the cervical scan that comes with TPTBox."""
    found = {name: read_image(shared_data / "mri" / f"{name}_t2.nii.gz") for name in ("cervical", "lumbar")}
    nx, ny, nz = found["cervical"].geometry.shape
    found["slice"] = replace(crop(found["cervical"], Box((0, 0, nz // 2), (nx, ny, nz // 2 + 1))), source=None)
    package = importlib.util.find_spec("TPTBox")
    if package is not None and package.origin is not None:
        [path] = (Path(package.origin).parent / "tests" / "sample_mri").glob("*_T2w.nii.gz")
        found["tptbox"] = read_image(path)
    return found


@pytest.mark.parametrize("name", [name for name in recipe_names() if not recipe(name).runs_tools])
def test_every_recipe_keeps_the_grid_and_passes_the_validator(scans, tmp_path, name):
    root, chosen = tmp_path / "data", recipe(name).with_settings(SETTINGS.get(name, {}))
    for subject, image in scans.items():
        put(root, subject, image)
    dataset, store = Dataset.open(root), ModelStore(tmp_path / "no-models-of-the-user")
    model = store.find(next(candidate for candidate in chosen.models if candidate.startswith("demo_")))
    outcomes = {o.key: o for o in run_on_dataset(chosen, dataset, dataset.cases(), model, store=store)}
    assert {"sub-cervical_T2w", "sub-lumbar_T2w"} & {key for key, o in outcomes.items() if o.saved is not None}
    for case in dataset:
        outcome = outcomes[case.key]
        if outcome.saved is None:  # too small for the recipe, or no cord in it
            assert isinstance(outcome.error, InputError), (case.key, outcome.error)
            assert outcome.error.remedy
            continue
        grid, written = read_image(case.image).geometry, list(dataset.output.rglob(f"sub-{case.subject}_*.nii.gz"))
        assert outcome.saved.path in written
        assert all(read_image(path).geometry.matches(grid) for path in written)
    assert validator_errors(dataset.output) == []
