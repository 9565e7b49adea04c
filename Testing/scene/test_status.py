"""Each structure shows how far it is, in the terms that Slicer's segment table knows."""

import numpy as np
import pytest
import slicer
from scene_helpers import GRIDS
from scene_world import Desk, GridWorld

from SpineGTRefineLib.checks import Problem
from SpineGTRefineLib.scene.status import show_statuses


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    world = GridWorld(tmp_path / "data", GRIDS["oblique"])
    desk = Desk(world)
    desk.open_first()
    yield desk
    world.close()


def marked(desk, **options):
    return show_statuses(desk.editor, desk.session.bench.loaded.start.labels, **options)


def test_edited_wrong_and_vouched_structures_are_told_apart(desk):
    assert set(marked(desk).values()) == {"notstarted"}
    desk.erase("sacrum", np.argwhere(desk.voxels() == 50)[:3])
    assert [key for key, status in marked(desk).items() if status == "inprogress"] == ["sacrum"]
    wrong = Problem("pieces", "error", "vertebra_L3", None, None, None, "it is in two pieces", "merge them")
    told = marked(desk, verified={"sacrum"}, problems=[wrong])
    assert told["vertebra_L3"] == "flagged"
    assert told["sacrum"] == "completed"
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.GetSegmentStatus(desk.segment("sacrum")) == logic.Completed


def test_marking_is_no_edit_and_takes_nothing_from_undo_and_redo(desk):
    marked(desk)
    assert not desk.session.bench.is_dirty
    desk.erase("sacrum", np.argwhere(desk.voxels() == 50)[:3])
    edited = desk.voxels()
    desk.session.undo()
    marked(desk, verified={"sacrum"})
    assert desk.session.redo()
    np.testing.assert_array_equal(desk.voxels(), edited)
    assert desk.session.undo()
    marked(desk)
    assert desk.session.undo() == ""
    desk.erase("sacrum", np.argwhere(desk.voxels() == 50)[:4])
    assert marked(desk)["sacrum"] == "inprogress", "the marks catch up with the next stroke"
