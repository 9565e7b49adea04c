"""The module's logic in a script or the Python console: three lines to open, correct and save, and honest about it."""

import hashlib
import json

import numpy as np
import pytest
import slicer
from scene_helpers import Annotator

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.errors import ChangedOnDiskError, ConflictError, UsageError
from SpineGTRefineLib.imaging import read_labels


@pytest.fixture
def logic(module):
    return module.SpineGTRefineLogic()


@pytest.fixture
def case(logic, dataset):
    logic.openDataset(dataset.root)
    return logic.loadCase("sub-01_T2w")


def hashes(folder):
    return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def paint_l3(case, count=4, skip=0):
    labels = case.labels()
    index = np.argwhere(labels.array == 0)[skip : skip + count]
    Annotator(case).paint("vertebra_L3", labels.geometry.to_world(index))
    return index


def test_nothing_can_be_loaded_or_saved_before_its_turn(logic):
    with pytest.raises(UsageError, match="Open a dataset first"):
        logic.loadCase("sub-01_T2w")
    with pytest.raises(UsageError, match="Load a case first"):
        logic.saveRefined()
    assert not logic.hasUnsavedEdits()


def test_looking_at_a_case_writes_nothing(case, logic, dataset):
    before = hashes(dataset.root)
    assert not logic.hasUnsavedEdits()
    logic.closeCase()
    assert hashes(dataset.root) == before


def test_saving_leaves_every_file_of_the_dataset_as_it_was(case, logic, dataset):
    before = hashes(dataset.root)
    paint_l3(case)
    logic.saveRefined(rater="AB")
    after = hashes(dataset.root)
    assert {path: after[path] for path in before} == before
    assert all("spine-gt-refine" in path.parts for path in set(after) - set(before))


def test_the_saved_mask_is_loaded_the_next_time_and_compared_with_itself(case, logic, dataset):
    index = paint_l3(case)
    logic.saveRefined(rater="AB")
    again = logic.loadCase("sub-01_T2w")
    assert again is not case
    l3 = dataset.phantom.spine.scheme.value_of("vertebra_L3")
    assert (again.labels().array[tuple(index.T)] == l3).all()
    second = paint_l3(again)
    saved = logic.saveRefined(rater="AB")
    assert saved.difference.changed_voxels == len(second)


def test_two_saves_in_a_row_without_loading_again(case, logic):
    paint_l3(case)
    logic.saveRefined(rater="AB")
    paint_l3(case, count=3)
    assert logic.hasUnsavedEdits()
    assert logic.saveRefined(rater="AB").difference.changed_voxels == 3


def test_a_mask_that_was_not_changed_is_recorded_as_accepted_not_as_corrected(case, logic):
    saved = logic.saveRefined(rater="AB")
    assert saved.status == "accepted-unchanged"
    assert not saved.difference.edited


def test_the_sidecar_names_the_rater_and_the_seconds(case, logic, module, monkeypatch):
    paint_l3(case)
    opened = logic._session.opened
    monkeypatch.setattr(opened, "opened_at", opened.opened_at - 100)
    saved = logic.saveRefined(rater="AB")
    text = saved.sidecar.read_text(encoding="utf-8")
    assert '"AB"' in text
    assert 100 <= json.loads(text)["SpineGTRefine"]["Seconds"] < 160


def test_a_mask_that_somebody_else_saved_meanwhile_is_not_overwritten(case, module, logic, dataset):
    paint_l3(case)
    logic.saveRefined(rater="AB")
    colleague = module.SpineGTRefineLogic()
    colleague.openDataset(dataset.root)
    paint_l3(colleague.loadCase("sub-01_T2w"), count=2)
    colleague.saveRefined(rater="CD")
    paint_l3(logic.shown, count=3, skip=9)
    with pytest.raises(ChangedOnDiskError, match="CD"):
        logic.saveRefined(rater="AB")
    assert logic.hasUnsavedEdits(), "the edits stay in the scene"


def test_a_case_without_a_mask_starts_with_an_empty_one(logic, dataset):
    dataset.mask.unlink()
    logic.openDataset(dataset.root)
    case = logic.loadCase("sub-01_T2w", "cord")
    assert not case.labels().array.any()
    Annotator(case).paint(case.segmentation.add_segment(1), dataset.phantom.image.geometry.to_world([[3, 3, 3]]))
    saved = logic.saveRefined(rater="AB")
    array = read_labels(saved.path, mask_type("cord").scheme).array
    assert np.argwhere(array).tolist() == [[3, 3, 3]]


def test_masks_can_go_to_another_folder(logic, dataset, tmp_path):
    before = hashes(dataset.root)
    logic.openDataset(dataset.root, tmp_path / "elsewhere")
    paint_l3(logic.loadCase("sub-01_T2w"))
    saved = logic.saveRefined(rater="AB")
    assert saved.path.is_relative_to(tmp_path / "elsewhere")
    assert hashes(dataset.root) == before


def test_unsaved_edits_are_not_lost_to_another_dataset_or_case(case, logic, dataset):
    paint_l3(case)
    for act in (lambda: logic.openDataset(dataset.root), lambda: logic.loadCase("sub-01_T2w"), logic.closeCase):
        with pytest.raises(ConflictError, match="unsaved edits"):
            act()
    assert logic.shown is case
    logic.closeCase(discardEdits=True)
    assert not logic.isCaseOpen


def test_the_users_other_nodes_stay_when_a_case_is_closed(logic, dataset):
    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "mine")
    logic.openDataset(dataset.root)
    logic.loadCase("sub-01_T2w")
    logic.closeCase()
    assert slicer.mrmlScene.GetNodeByID(mine.GetID()) is mine
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_what_the_logic_saved_is_what_the_library_loads(case, logic, dataset):
    paint_l3(case)
    logic.saveRefined(rater="AB")
    opened = Dataset.open(dataset.root)
    loaded = load_mask(opened, opened.case("sub-01_T2w"), mask_type("spine"))
    np.testing.assert_array_equal(loaded.array, logic.shown.labels().array)
