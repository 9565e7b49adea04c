"""What undo says: the act that it takes back, however many strokes lie between; and nothing where there is nothing."""

import numpy as np
import pytest
from scene_helpers import GRIDS
from scene_world import Desk, GridWorld

from SpineGTRefineLib.bids import mask_type
from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.review import operations as act
from SpineGTRefineLib.review.proposals import Proposal
from SpineGTRefineLib.scene.act_names import PAINTED


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    world = GridWorld(tmp_path / "data", GRIDS["oblique"])
    desk = Desk(world)
    desk.open_first()
    yield desk
    world.close()


def background(desk, start):
    return np.argwhere(desk.voxels() == 0)[start : start + 2]


def test_undo_where_nothing_was_done_changes_nothing(desk):
    assert desk.session.undo() == ""
    assert desk.session.redo() == ""
    assert not desk.session.bench.is_dirty
    assert desk.session.unsaved() == ()


def test_each_step_is_named_rightly_when_strokes_lie_between_acts(desk):
    session = desk.session
    desk.paint("sacrum", background(desk, 0))
    session.apply(act.clear_slices(1, 0, 0))
    desk.paint("sacrum", background(desk, 4))
    desk.paint("sacrum", background(desk, 8))
    told = []
    for _ in range(4):
        told.append(desk.editor.undo_text)
        assert session.undo() == told[-1]
    assert told == [PAINTED, PAINTED, "clear all in slices 0-0", PAINTED]
    assert (desk.editor.undo_text, session.undo()) == ("", "")
    told = []
    for _ in range(4):
        told.append(desk.editor.redo_text)
        assert session.redo() == told[-1]
    assert told == [PAINTED, "clear all in slices 0-0", PAINTED, PAINTED]
    assert (desk.editor.redo_text, session.redo()) == ("", "")


def test_a_proposal_counts_as_adopted_until_its_own_step_is_undone(desk):
    suggested = LabelMap(np.roll(desk.voxels(), 1, axis=0), desk.session.image.geometry, mask_type("spine").scheme)
    proposal = Proposal(suggested, "a model")
    desk.session.adopt(proposal)
    desk.paint("sacrum", background(desk, 0))
    desk.paint("sacrum", background(desk, 4))
    desk.session.undo()
    desk.session.undo()
    assert desk.session.bench.adopted == (proposal,), "two strokes were undone, not the proposal"
    desk.session.undo()
    assert desk.session.bench.adopted == ()
    desk.session.redo()
    assert desk.session.bench.adopted == (proposal,)


def test_slicers_own_undo_does_not_mix_up_the_names(desk):
    desk.session.apply(act.clear_slices(1, 0, 0))
    desk.paint("sacrum", background(desk, 0))
    desk.annotator.undo()
    assert desk.session.undo() == "clear all in slices 0-0"


def test_slicers_own_undo_past_an_adopted_proposal_takes_it_off_the_sources_and_its_redo_puts_it_back(desk):
    suggested = LabelMap(np.roll(desk.voxels(), 1, axis=0), desk.session.image.geometry, mask_type("spine").scheme)
    proposal = Proposal(suggested, "a model")
    before = desk.editor.undo_text
    desk.session.adopt(proposal)
    adopting = desk.editor.undo_text
    desk.annotator.undo()
    assert desk.session.bench.adopted == ()
    assert (desk.editor.undo_text, desk.editor.redo_text) == (before, adopting)
    desk.annotator.redo()
    assert desk.session.bench.adopted == (proposal,)
    assert (desk.editor.undo_text, desk.editor.redo_text) == (adopting, "")
    desk.annotator.undo()
    desk.paint("sacrum", background(desk, 0))
    assert desk.session.bench.adopted == ()
    assert (desk.editor.undo_text, desk.editor.redo_text) == (PAINTED, "")
