"""A real cervical scan goes the whole way: refined from real SPINEPS masks, corrected in the scene, saved."""

import hashlib
import importlib.util
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bids_validator import validator_errors
from scene_helpers import Annotator

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, locks
from SpineGTRefineLib.bids.layout import drafts_folder
from SpineGTRefineLib.errors import ConflictError, MissingFileError, UsageError
from SpineGTRefineLib.imaging import LabelMap, read_image, read_labels, write_labels

KEY = "sub-mri_T2w"


@pytest.fixture(scope="module")
def scan():
    """Folder of the scan and masks that the package tptbox carries for its own tests."""
    package = importlib.util.find_spec("TPTBox")
    folder = Path(package.origin).parent / "tests" / "sample_mri" if package and package.origin else None
    if folder is None or not folder.is_dir():
        pytest.skip("needs the sample scan of the package tptbox")
    return folder


@pytest.fixture
def world(scan, tmp_path):
    """A BIDS dataset with the scan, and output folders of the tools: SPINEPS' own, the others derived from it."""
    image = tmp_path / "data" / "sub-mri" / "anat" / f"{KEY}.nii.gz"
    image.parent.mkdir(parents=True)
    shutil.copyfile(scan / "sub-mri_label-6_T2w.nii.gz", image)
    spineps = tmp_path / "spineps"
    spineps.mkdir()
    shutil.copyfile(scan / "sub-mri_seg-vert_label-6_msk.nii.gz", spineps / "sub-mri_mod-T2w_seg-vert_msk.nii.gz")
    vert = read_labels(scan / "sub-mri_seg-vert_label-6_msk.nii.gz", scheme("spineps_vert"))
    parts = read_labels(scan / "sub-mri_seg-subreg_label-6_msk.nii.gz", scheme("spineps_semantic"))
    levels, _ = vert.converted(scheme("totalspineseg"))
    # Another model never agrees to the voxel: shift its levels by one voxel from head to tail (axis j of this scan).
    write_labels(tmp_path / "tss" / f"{KEY}.nii.gz", levels.with_array(np.roll(levels.array, 1, axis=1)))
    canal = np.isin(parts.array, [60, 61]).astype(np.uint8)
    write_labels(tmp_path / "canal" / f"{KEY}.nii.gz", LabelMap(canal, vert.geometry, scheme("canal")))
    folders = {"spineps": spineps, "totalspineseg": tmp_path / "tss", "canal": tmp_path / "canal"}
    return SimpleNamespace(root=tmp_path / "data", image=image, vert=vert, canal=canal, folders=folders, tmp=tmp_path)


@pytest.fixture
def logic(module, world):
    logic = module.SpineGTRefineLogic()
    assert logic.openDataset(world.root) == [KEY]
    logic.loadCase(KEY, "spine")
    return logic


def hashes(folder):
    return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def paint(logic, structure, index):
    case = logic.shown
    value = case.labels().scheme.value_of(structure)
    annotator = Annotator(case)
    annotator.paint(case.segmentation.segment_id(value), case.labels().geometry.to_world(index))
    return annotator, value


def background_voxels(labels, count, seed=5):
    free = np.argwhere(labels.array == 0)
    return free[np.random.default_rng(seed).choice(len(free), count, replace=False)]


def test_only_the_voxels_that_were_edited_differ_in_the_saved_mask(logic, world):
    before = hashes(world.tmp)
    outcome = logic.runRecipe("spine", **world.folders)
    proposal = read_labels(outcome.saved.path, scheme("spine"))
    assert {scheme("spine")[v].structure.key for v in proposal.values()} >= {
        "vertebra_C5",
        "vertebra_C6",
        "vertebra_C7",
        "disc_C5-C6",
        "disc_C6-C7",
    }
    assert not proposal.array[world.canal > 0].any()
    np.testing.assert_array_equal(logic.shown.labels().array, proposal.array)

    painted, undone = np.split(background_voxels(proposal, 60), [40])
    annotator, c6 = paint(logic, "vertebra_C6", painted)
    _, c7 = paint(logic, "vertebra_C7", np.argwhere(proposal.array == c6)[:10])
    annotator.paint("vertebra_C5", proposal.geometry.to_world(undone))
    annotator.undo()
    saved = logic.saveRefined(rater="AB")

    expected = proposal.array.copy()
    expected[tuple(painted.T)] = c6
    expected[tuple(np.argwhere(proposal.array == c6)[:10].T)] = c7
    after = read_labels(saved.path, scheme("spine"))
    np.testing.assert_array_equal(after.array, expected)
    assert after.geometry.matches(read_image(world.image).geometry, 0.0)
    assert saved.status == "corrected"
    assert saved.difference.changed_voxels == 50
    now = hashes(world.tmp)
    assert {path: now[path] for path in before} == before, "no input file changed"


@pytest.mark.slow
def test_the_validator_finds_no_error_in_what_a_real_case_leaves_behind(logic, world):
    logic.runRecipe("spine", **world.folders)
    paint(logic, "vertebra_C6", background_voxels(logic.shown.labels(), 12))
    saved = logic.saveRefined(rater="AB")
    logic.runRecipe("spine", **world.folders)
    output = Dataset.open(world.root).output
    locks.acquire(output, KEY, "spine", "CD")
    (drafts_folder(output) / KEY).mkdir(parents=True)
    (drafts_folder(output) / KEY / "spine.npz").write_bytes(b"draft")
    state = output / ".spine-gt-refine"
    assert all(any((state / part).rglob("*")) for part in ("events", "locks", "history", "drafts"))
    assert saved.path.is_relative_to(output)
    assert validator_errors(output) == []


def test_a_proposal_waits_beside_the_mask_that_a_person_has_saved(logic, world):
    logic.runRecipe("spine", **world.folders)
    paint(logic, "vertebra_C6", background_voxels(logic.shown.labels(), 12))
    mine = logic.saveRefined(rater="AB")
    content = mine.path.read_bytes()
    outcome = logic.runRecipe("spine", **world.folders)
    assert outcome.saved.path != mine.path
    assert mine.path.read_bytes() == content
    assert logic.hasUnsavedEdits(), "the scene shows the proposal, the disk has the corrected mask"
    adopted = logic.saveRefined(rater="AB")
    assert adopted.path == mine.path
    assert adopted.difference.changed_voxels == 12


def test_a_recipe_does_not_throw_edits_away(logic, world):
    logic.runRecipe("spine", **world.folders)
    painted = background_voxels(logic.shown.labels(), 3)
    _, c6 = paint(logic, "vertebra_C6", painted)
    with pytest.raises(ConflictError, match="unsaved edits"):
        logic.runRecipe("spine", **world.folders)
    assert (logic.shown.labels().array[tuple(painted.T)] == c6).all()
    logic.runRecipe("spine", **world.folders, discardEdits=True)
    assert not (logic.shown.labels().array[tuple(painted.T)] == c6).any()


def test_what_a_recipe_lacks_is_said_and_the_case_stays_as_it_was(logic, world):
    with pytest.raises(UsageError, match="folder is missing"):
        logic.runRecipe("spine", **world.folders | {"spineps": ""})
    with pytest.raises(MissingFileError, match="canal"):
        logic.runRecipe("spine", **world.folders | {"canal": world.folders["spineps"]})
    assert not logic.hasUnsavedEdits()
    logic.loadCase(KEY, "cord")
    with pytest.raises(UsageError, match="spine mask"):
        logic.runRecipe("spine", **world.folders)
