"""A session from opening to saving: what is opened, what may be changed, what is written, what is told."""

import os
import time

import numpy as np
import pytest
from review_world import SHAPE, SPINE, accept, draw, spine

from SpineGTRefineLib.bids import load_mask
from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.errors import LabelError, LockedError, UsageError, WriteError
from SpineGTRefineLib.review import operations
from SpineGTRefineLib.review.drafts import find_drafts
from SpineGTRefineLib.review.editor import ArrayEditor
from SpineGTRefineLib.review.origin import OriginKind
from SpineGTRefineLib.review.saving import NotAcceptableError
from SpineGTRefineLib.review.session import SessionState


def test_a_day_begins_with_the_labs_mask_and_ends_with_a_refined_one(world):
    session = world.session()
    origin = session.open_first()
    assert origin.kind is OriginKind.LAB
    session.apply(operations.shift_levels("vertebra_L1", +1))
    assert session.bench.editor.undo_text == "shift levels +1 from L1 vertebra"
    session.undo()
    session.apply(draw(np.s_[2:8, 4:10, 8], 44, "paint L4"))
    saved = accept(session)
    assert saved.status == "corrected"
    assert saved.difference.changed_voxels == 36
    labels = load_mask(session.dataset, session.item.case, SPINE)
    assert (labels.array[2:8, 4:10, 8] == 44).all()
    assert session.worklist.progress() == (1, 3)
    session.open_next()
    assert session.item.case.key == "sub-02_T2w"


def test_opening_and_accepting_without_an_edit_claims_no_correction(world):
    session = world.session()
    session.open_first()
    saved = accept(session)
    assert saved.status == "accepted-unchanged"
    assert not world.own(saved.path)["Edited"]


def test_nobody_accepts_what_nobody_looked_at(world):
    session = world.session()
    session.open_first()
    with pytest.raises(NotAcceptableError, match="looked at"):
        session.save()
    assert read_events(session.dataset.output) == ()
    assert session.state is SessionState.EDITING


def test_an_error_of_the_checks_stops_the_save_and_says_why_and_the_rater_may_insist_or_flag(world):
    session = world.session()
    session.open_first()
    session.apply(draw(np.s_[2:8, 4:10, 1:8], 42, "a second L2 where L4 is"))
    reasons = [p.message for p in session.problems() if p.severity == "error"]
    assert reasons
    with pytest.raises(NotAcceptableError) as refusal:
        accept(session)
    assert refusal.value.reasons == tuple(reasons)
    assert session.flag(reasons).status == "flagged"
    assert read_events(session.dataset.output)[-1].reason == "; ".join(reasons)
    assert accept(session, insist=True).status == "corrected"
    assert reasons[0] in read_events(session.dataset.output)[-1].reason


def test_an_empty_mask_is_asked_about_before_it_becomes_a_truth(world):
    (world.root / "derivatives/labels/sub-01/anat/sub-01_T2w_label-spine_dseg.nii.gz").unlink()
    session = world.session()
    session.open(session.worklist.item(("sub-01_T2w", "spine")))
    with pytest.raises(NotAcceptableError) as refusal:
        accept(session)
    assert refusal.value.reasons == ("The mask is empty: not a single voxel is marked.",)
    assert not session.dataset.mask_path(session.item.case, SPINE).exists()
    accept(session, insist=True)
    assert refusal.value.reasons[0] in read_events(session.dataset.output)[-1].reason


def test_a_value_that_stands_for_nothing_cannot_be_saved_in_any_way_and_is_not_lost(world):
    session = world.session()
    session.open_first()
    session.apply(draw(np.s_[0, 0, 0], 200, "a free-named segment"))
    session.viewed()
    for hand_in in (session.save, lambda: session.save(insist=True), lambda: session.flag(["odd"])):
        with pytest.raises(LabelError):
            hand_in()
    assert find_drafts(session.dataset, "AB")[0].labels(session.bench.labels()).array[0, 0, 0] == 200


def test_flagging_and_excluding_need_a_reason(world):
    session = world.session()
    session.open_first()
    with pytest.raises(UsageError, match="reason"):
        session.flag([" "])
    with pytest.raises(UsageError, match="reason"):
        session.exclude(" ")
    session.exclude("motion")
    assert session.worklist.item(session.item.key).status == "excluded"
    assert not session.dataset.mask_path(session.item.case, SPINE).exists()


def test_other_masks_of_the_case_are_shown_and_take_part_in_the_checks(world):
    session = world.session()
    session.open_first()
    assert set(session.outlines) == {"canal"}
    assert not any(p.rule == "bone_in_canal" for p in session.problems())
    session.apply(draw(np.s_[4:6, 0:3, 12:16], 43))
    assert any(p.rule == "bone_in_canal" for p in session.problems())
    session.undo()
    assert not any(p.rule == "bone_in_canal" for p in session.problems())


def test_switching_with_unsaved_edits_asks_nothing_and_loses_nothing(world):
    session = world.session()
    session.open_first()
    here = session.item
    session.apply(draw(np.s_[0, 0, :5], 43))
    session.bench.remark(note="L3 unsure", grade=2)
    session.bench.verify(["vertebra_L4"], [(2, 4)])
    drawn = session.bench.labels().array
    session.open_next()
    assert session.open(here).kind is OriginKind.DRAFT
    assert np.array_equal(session.bench.labels().array, drawn)
    assert (session.bench.note, session.bench.grade) == ("L3 unsure", 2)
    assert session.bench.verified.as_json() == {"Structures": ["vertebra_L4"], "Slices": [{"Axis": 2, "Indices": [4]}]}
    saved = accept(session)
    assert saved.difference.changed_voxels == 5
    assert find_drafts(session.dataset) == ()


def test_edits_after_a_save_are_recovered_too(world):
    session = world.session()
    session.open_first()
    here = session.item
    session.apply(draw(np.s_[0, 0, :5], 43))
    accept(session)
    session.apply(draw(np.s_[0, 0, 5:7], 43))
    session.close()
    assert session.open(here).kind is OriginKind.DRAFT
    assert accept(session).difference.changed_voxels == 2


def test_edits_can_be_given_up(world):
    session = world.session()
    session.open_first()
    session.apply(draw(np.s_[:], 43))
    assert session.give_up_edits().kind is OriginKind.LAB
    assert np.array_equal(session.bench.labels().array, spine().array)
    assert find_drafts(session.dataset) == ()


def test_a_grade_can_be_taken_back_in_a_draft_and_in_the_saved_mask(world):
    session = world.session()
    session.open_first()
    item = session.item
    session.bench.remark(grade=4)
    accept(session)
    session.open(item)
    assert session.bench.grade == 4
    session.bench.remark(grade=0)
    session.keep_draft()
    session.close()
    session.open(item)
    assert session.bench.grade is None
    assert "Grade" not in world.own(accept(session).path)
    assert read_events(session.dataset.output)[-1].grade is None
    session.close()


def test_note_and_grade_are_recorded_and_free_text_stays_out_of_the_sidecar(world):
    session = world.session()
    session.open_first()
    session.bench.remark(note="name of the patient?", grade=4)
    with pytest.raises(UsageError, match="1 to 5"):
        session.bench.remark(grade=6)
    saved = accept(session)
    event = read_events(session.dataset.output)[-1]
    assert (event.note, event.grade) == ("name of the patient?", 4)
    assert world.own(saved.path)["Grade"] == 4
    assert "patient" not in saved.sidecar.read_text()
    session.close()
    session.open(session.worklist.items()[0])
    assert (session.bench.note, session.bench.grade) == ("name of the patient?", 4)


def test_verified_parts_reach_the_sidecar_and_lapse_where_the_voxels_change(world):
    session = world.session()
    session.open_first()
    session.bench.verify(["vertebra_L4", "vertebra_L3"], [(2, 3), (2, 13)])
    session.apply(draw(np.s_[0, 0, 3], 44, "a later edit of L4"))
    saved = accept(session)
    assert world.own(saved.path)["Verified"] == {
        "Structures": ["vertebra_L3"],
        "Slices": [{"Axis": 2, "Indices": [13]}],
    }
    session.undo()
    assert "vertebra_L4" in session.bench.verified.structures
    session.close()
    session.give_up_edits() if session.open(session.worklist.items()[0]).kind is OriginKind.DRAFT else None
    assert set(session.bench.verified.structures) == {"vertebra_L3"}


def test_only_time_at_work_counts(world):
    session = world.session()
    session.open_first()
    for seconds in (10, 20, 3600, 5):
        world.clock.now += seconds
        session.touch()
    assert session.active_seconds == 10 + 20 + 60 + 5
    saved = accept(session)
    assert world.own(saved.path)["Seconds"] == 95
    assert session.worklist.item(session.item.key).seconds == 95
    assert session.active_seconds == 0


def test_only_one_rater_at_a_time_edits_a_mask_and_the_other_is_told_who(world):
    first, second = world.session("AB"), world.session("CD")
    first.open_first()
    item = second.worklist.items()[0]
    second.open(item)
    assert second.state is SessionState.VIEWING
    assert any("AB is working" in notice for notice in second.notices)
    with pytest.raises(LockedError):
        second.apply(operations.start_from_empty())
    with pytest.raises(LockedError):
        second.save()
    first.close()
    second.open(item)
    assert second.state is SessionState.EDITING


def test_independent_raters_write_masks_of_their_own_and_see_none_of_the_others_until_they_are_released(world):
    first, second = (world.session(rater, mode="independent") for rater in ("AB", "CD"))
    for session, value in ((first, 43), (second, 44)):
        session.open_first()
        assert session.state is SessionState.EDITING
        assert session.origin.kind is OriginKind.LAB
        session.apply(draw(np.s_[0, 0, :], value))
        session.viewed()
        saved = session.save(insist=True)
        assert f"desc-{session.track.rater}_" in saved.path.name
    second.worklist.refresh()
    assert second.worklist.item(second.item.key).rater == "CD"
    assert not [version for version in second.versions() if "AB" in version.title]
    second.release()
    (other,) = [version for version in second.versions() if version.title == "rater AB"]
    assert (other.proposal().labels.array[0, 0, :] == 43).all()
    assert second.bench.compare(other.proposal()).changed_voxels == SHAPE[2]


def test_the_front_hears_every_step(world):
    session, heard = world.session(), []
    session.state_changed.connect(heard.append)
    session.open_first()
    accept(session)
    session.close()
    names = SessionState
    assert heard == [names.OPENING, names.EDITING, names.SAVING, names.EDITING, names.CLOSED]


def test_a_rater_needs_a_name(world):
    with pytest.raises(UsageError, match="name"):
        world.session(" ")


class BrokenEditor(ArrayEditor):
    """Holds, like a segmentation on screen, what makes no mask for a while."""

    broken = False

    def labels(self):
        if self.broken:
            raise LabelError("The segment 'Segment_1' stands for no structure.", "Rename or delete it.")
        return super().labels()

    def paint(self, array):
        self._set(array)


def test_what_is_painted_in_the_editor_itself_is_drafted_a_while_later(world):
    session = world.session(editor_factory=BrokenEditor)
    session.open_first()
    array = session.bench.labels().array.copy()
    array[0, 0, :] = 43
    session.bench.editor.paint(array)
    session.painted()
    assert find_drafts(session.dataset) == ()
    world.clock.now += 30
    session.tick()
    session._drafts._journal.flush()
    assert len(session.unsaved()) == 1
    assert session.unsaved()[0].info.rater == "AB"


def test_a_segment_without_a_structure_is_told_and_keeps_the_mask_open_until_it_is_put_right(world):
    session = world.session(editor_factory=BrokenEditor)
    session.open_first()
    session.apply(draw(np.s_[0, 0, :], 43))
    editor = session.bench.editor
    editor.paint(editor.labels().array.copy())
    editor.broken = True
    world.clock.now += 30
    session.painted()
    assert any("Segment_1" in notice for notice in session.notices)
    with pytest.raises(LabelError, match="Segment_1"):
        session.open_next()
    assert session.state is SessionState.EDITING
    with pytest.raises(LabelError, match="Segment_1"):
        accept(session)
    editor.broken = False
    assert accept(session, insist=True).status == "corrected"


def test_an_excluded_case_stays_excluded_and_its_edits_are_kept(world):
    session = world.session()
    session.open_first()
    session.apply(draw(np.s_[0, 0, :], 43))
    session.exclude("motion")
    assert session.worklist.item(session.item.key).status == "excluded"
    assert len(session.unsaved()) == 1


def test_where_no_disk_has_room_for_a_draft_the_mask_stays_open_with_its_edits(world, monkeypatch):
    session = world.session()
    session.open_first()
    session.apply(draw(np.s_[0, 0, :], 43))

    def full(*_arguments):
        raise WriteError("The draft could not be written: No space left on device.", "Free some disk space.")

    monkeypatch.setattr("SpineGTRefineLib.review.drafts.write_atomic", full)
    with pytest.raises(WriteError, match="No space"):
        session.open_next()
    assert (session.bench.labels().array[0, 0] == 43).all()
    monkeypatch.undo()
    session.open_next()
    assert len(session.unsaved()) == 1


def test_an_unforeseen_error_while_saving_leaves_the_mask_editable_and_drafted(world, monkeypatch):
    session = world.session()
    session.open_first()
    session.apply(draw(np.s_[0, 0, :], 43))
    monkeypatch.setattr("SpineGTRefineLib.review.saving.save_mask", lambda *_, **__: 1 / 0)
    session.viewed()
    with pytest.raises(ZeroDivisionError):
        session.save(insist=True)
    assert session.state is SessionState.EDITING
    assert len(session.unsaved()) == 1


def test_opening_a_dataset_clears_what_a_killed_program_left_in_our_output_and_nowhere_else(world):
    name = f".tmp-{'0' * 32}"
    output = world.dataset().output
    output.mkdir(parents=True)
    for folder in (output, world.root / "derivatives" / "labels", world.root / "sub-01" / "anat"):
        (folder / name).write_bytes(b"half a mask")
        os.utime(folder / name, (0, 0))
    world.session()
    end = time.monotonic() + 10
    while (output / name).exists() and time.monotonic() < end:
        time.sleep(0.01)
    left = sorted(path.parent.name for path in world.root.rglob(name))
    assert left == ["anat", "labels"]
