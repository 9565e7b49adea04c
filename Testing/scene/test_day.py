"""A rater's day in the scene: opened, painted with Slicer's tools, repaired, saved; exact to the last voxel."""

from contextlib import suppress

import numpy as np
import pytest
from review_world import CANAL, SPINE, ReviewWorld, spine
from review_world import LEVELS as SPINE_LEVELS
from scene_helpers import GRIDS
from scene_world import VALUES, Desk, GridWorld, painted, rearrange, scattered

from SpineGTRefineLib.bids import load_mask, save_mask
from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.errors import GeometryError, LabelError, RefineError
from SpineGTRefineLib.imaging import LabelMap, read_image, read_labels
from SpineGTRefineLib.review import operations as act
from SpineGTRefineLib.review.drafts import find_drafts
from SpineGTRefineLib.review.origin import OriginKind
from SpineGTRefineLib.review.proposals import Proposal, Scope
from SpineGTRefineLib.review.state import SessionState


@pytest.fixture
def world(tmp_path, geometry):
    """One case on each difficult grid."""
    world = GridWorld(tmp_path / "data", geometry)
    yield world
    world.close()


@pytest.fixture
def oblique(tmp_path):
    """One case on an oblique grid."""
    world = GridWorld(tmp_path / "data", GRIDS["oblique, anisotropic, left-handed"])
    yield world
    world.close()


def test_only_painted_and_erased_voxels_differ_in_the_saved_file(world, geometry):
    desk = Desk(world)
    desk.open_first()
    before = world.mask().array
    strokes = [scattered(geometry, 9, seed) for seed in range(3)]
    desk.paint("vertebra_L3", strokes[0])
    expected = painted(before, strokes[0], "vertebra_L3")
    desk.erase("sacrum", strokes[1])
    hit = np.zeros(geometry.shape, bool)
    hit[tuple(strokes[1].T)] = True
    expected[hit & (expected == SPINE.scheme.value_of("sacrum"))] = 0
    desk.paint("vertebra_T12", strokes[2])
    desk.session.undo()
    desk.session.redo()
    desk.session.undo()
    saved = desk.session.save(insist=True)
    on_disk = read_labels(saved.path, SPINE.scheme)
    np.testing.assert_array_equal(on_disk.array, expected)
    assert saved.difference.changed_voxels == np.count_nonzero(expected != before)
    assert on_disk.geometry.matches(read_image(desk.session.item.case.image).geometry)


def test_a_mask_that_was_only_looked_at_is_accepted_as_unchanged(world):
    desk = Desk(world)
    desk.open_first()
    assert not desk.session.bench.is_dirty
    assert desk.session.save(insist=True).status == "accepted-unchanged"


def test_shifted_levels_are_undone_and_done_again(world, geometry):
    desk = Desk(world)
    desk.open_first()
    before = desk.voxels()
    index = scattered(geometry, 6, 1)
    desk.session.apply(act.clear_structures(["disc_L3-L4"]))
    desk.session.apply(act.shift_levels("vertebra_L3", 1))
    shifted = desk.voxels()
    assert set(np.unique(shifted)) - {0} == {SPINE.scheme.value_of(k) for k in ("vertebra_L4", "vertebra_L5", "sacrum")}
    desk.paint("vertebra_L5", index)
    np.testing.assert_array_equal(desk.voxels(), painted(shifted, index, "vertebra_L5"))
    desk.session.undo()
    assert desk.session.undo() == "shift levels +1 from L3 vertebra"
    desk.session.undo()
    np.testing.assert_array_equal(desk.voxels(), before)
    for _ in range(3):
        desk.session.redo()
    np.testing.assert_array_equal(desk.voxels(), painted(shifted, index, "vertebra_L5"))


def test_a_proposal_is_adopted_whole_by_structure_and_by_slices_and_each_is_one_step(world, geometry):
    desk = Desk(world)
    desk.open_first()
    before = desk.voxels()
    suggested = np.roll(before, 1, axis=int(np.argmax(geometry.shape)))
    proposal = Proposal(LabelMap(suggested, desk.session.image.geometry, SPINE.scheme), "a model")
    scopes = (Scope(), Scope(structures=frozenset({"sacrum"})), Scope(axis=1, first=1, last=2))
    for scope in scopes:
        desk.session.adopt(proposal, scope)
        assert not np.array_equal(desk.voxels(), before)
        assert desk.session.undo() == f"adopt {scope.describe()} of a model"
        np.testing.assert_array_equal(desk.voxels(), before)
    desk.session.redo()
    expected = before.copy()
    expected[:, 1:3] = suggested[:, 1:3]
    np.testing.assert_array_equal(desk.voxels(), expected)


def test_edits_in_the_scene_are_recovered_after_a_crash(world, geometry, tmp_path):
    desk = Desk(world)
    desk.open_first()
    index = scattered(geometry, 9, 4)
    desk.paint("vertebra_L3", index)
    drawn = desk.voxels()
    desk.session.keep_draft()
    desk.session._custody.give_back()  # the program is gone: nothing is closed, the lock is stale
    again = Desk(world)
    origin = again.open_first()
    assert (origin.kind, origin.rater) == (OriginKind.DRAFT, "AB")
    np.testing.assert_array_equal(again.voxels(), drawn)
    saved = again.session.save(insist=True)
    np.testing.assert_array_equal(read_labels(saved.path, SPINE.scheme).array, drawn)
    assert find_drafts(again.session.dataset) == ()


@pytest.mark.slow
def test_twenty_cases_from_the_first_to_the_last(tmp_path):
    world = ReviewWorld(tmp_path / "data", cases=20)
    dataset = world.dataset()
    lost = tuple(np.argwhere(spine().array == SPINE.scheme.value_of("vertebra_L2"))[:40].T)
    for case in dataset.cases():
        save_mask(dataset, case, SPINE, spine(), image=read_image(case.image))
    desk = Desk(world)
    desk.open_first()
    expected = {}
    for number in range(20):
        session = desk.session
        session.viewed()
        index = np.argwhere(spine().array == 0)[number * 50 : number * 50 + 9]
        match number % 4:
            case 0:
                expected[session.item.key] = "accepted-unchanged", spine().array
                session.save()
            case 1:
                desk.paint("vertebra_L2", index)
                desk.session.undo()
                session.apply(act.swap_levels("vertebra_L2", "vertebra_L3"))
                session.undo()
                desk.erase("vertebra_L2", np.stack(lost, axis=1))
                array = spine().array.copy()
                array[lost] = 0
                session.save(insist=True)
                expected[session.item.key] = "corrected", array
            case 2:
                desk.erase("vertebra_L2", np.stack(lost, axis=1))
                version = next(v for v in session.versions() if v.title.startswith("proposal"))
                session.adopt(version.proposal(), Scope(structures=frozenset({"vertebra_L2"})))
                session.save()
                expected[session.item.key] = "accepted-unchanged", spine().array
            case 3:
                desk.paint("vertebra_L1", index)
                session.flag(["blurred"])
                expected[session.item.key] = "flagged", painted(spine().array, index, "vertebra_L1")
        world.clock.now += 5
        if session.open_next() is None:
            break
    told = {(e.case, e.mask_type): e.status for e in read_events(dataset.output) if e.rater}
    assert told == {key: status for key, (status, _) in expected.items()}
    assert len(expected) == 20
    for case in dataset.cases():
        np.testing.assert_array_equal(load_mask(dataset, case, SPINE).array, expected[case.key, "spine"][1])
    world.close()
    assert desk.scene.mrml.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0, "nothing of ours is left behind"
    assert desk.scene.mrml.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


# What Slicer's segment table allows, and what is saved of it


def test_hidden_renamed_reordered_segments_are_saved_like_the_others(world):
    desk = Desk(world)
    desk.open_first()
    for key in ("sacrum", "vertebra_L4"):
        rearrange(desk, desk.segment_id(key))
    saved = desk.session.save(insist=True)
    assert not saved.difference.edited
    np.testing.assert_array_equal(read_labels(saved.path, SPINE.scheme).array, world.mask().array)


def test_a_structure_that_was_removed_and_added_again_is_saved_with_its_new_voxels_only(world, geometry):
    desk = Desk(world)
    desk.open_first()
    desk.segmentation().RemoveSegment(desk.segment_id("sacrum"))
    index = scattered(geometry, 7, 5)
    desk.paint("sacrum", index)
    expected = world.mask().array.copy()
    expected[expected == SPINE.scheme.value_of("sacrum")] = 0
    saved = desk.session.save(insist=True)
    np.testing.assert_array_equal(read_labels(saved.path, SPINE.scheme).array, painted(expected, index, "sacrum"))


def drafted(desk, world, index) -> bool:
    """Whether the draft on disk holds the strokes of the sacrum at ``index``."""
    with suppress(RefineError):
        desk.session.keep_draft()
    (draft,) = find_drafts(desk.session.dataset)
    kept = draft.labels(world.mask()).array
    return bool((kept[tuple(np.asarray(index).T)] == SPINE.scheme.value_of("sacrum")).all())


def test_a_free_segment_stops_the_save_until_it_is_removed_and_no_edit_is_lost(oblique):
    desk = Desk(oblique)
    desk.open_first()
    index = scattered(oblique.geometry, 7, 5)
    desk.paint("sacrum", index)
    stranger = desk.segmentation().AddEmptySegment("", "my tumor")
    with pytest.raises(LabelError, match="my tumor"):
        desk.session.save(insist=True)
    assert drafted(desk, oblique, index), "the strokes before the free segment survive a crash all the same"
    assert load_mask(desk.session.dataset, desk.session.item.case, SPINE).source.path.name.endswith("spine_dseg.nii.gz")
    desk.segmentation().RemoveSegment(stranger)
    saved = desk.session.save(insist=True)
    expected = painted(oblique.mask().array, index, "sacrum")
    np.testing.assert_array_equal(read_labels(saved.path, SPINE.scheme).array, expected)


def test_closing_the_scene_with_a_free_segment_keeps_what_makes_a_mask_and_leaves_no_session_behind(oblique):
    desk = Desk(oblique)
    desk.open_first()
    index = scattered(oblique.geometry, 7, 5)
    desk.paint("sacrum", index)
    desk.segmentation().AddEmptySegment("", "my tumor")
    with pytest.raises(LabelError, match="my tumor"):
        desk.session.close()  # the rater can still repair it
    desk.session.close(insist=True)  # the scene goes away: nobody can
    assert desk.session.state is SessionState.CLOSED
    assert any("my tumor" in notice for notice in desk.session.notices)
    (draft,) = find_drafts(desk.session.dataset)
    kept = draft.labels(oblique.mask()).array
    assert (kept[tuple(np.asarray(index).T)] == SPINE.scheme.value_of("sacrum")).all()


def test_overlap_inside_a_map_stops_the_save_and_says_where_from(oblique):
    desk = Desk(oblique)
    desk.open_first()
    desk.annotator.let_structures_overlap()
    desk.paint("sacrum", np.argwhere(oblique.mask().array == VALUES[0])[:4])
    with pytest.raises(LabelError, match="4 voxels belong to two structures"):
        desk.session.save(insist=True)
    desk.session.undo()
    assert not desk.session.save(insist=True).difference.edited


def test_two_maps_may_overlap(tmp_path):
    world = ReviewWorld(tmp_path / "data", cases=1)
    desk = Desk(world, mask_types=(SPINE, CANAL))
    desk.open_first()
    inside_the_canal = np.argwhere(desk.session.outlines["canal"].array)[:6]
    desk.paint(SPINE_LEVELS[0], inside_the_canal)
    saved = desk.session.save(insist=True)
    on_disk = read_labels(saved.path, SPINE.scheme).array
    assert (on_disk[tuple(inside_the_canal.T)] == SPINE.scheme.value_of(SPINE_LEVELS[0])).all()
    world.close()


def test_voxels_outside_the_image_stop_the_save_until_they_are_gone_and_are_told_with_the_draft(oblique):
    desk = Desk(oblique)
    desk.open_first()
    inside = scattered(oblique.geometry, 3, 2)
    desk.paint("sacrum", inside)
    desk.paint("sacrum", [[-2, 0, 0], [0, 0, oblique.geometry.shape[2] + 1]])
    with pytest.raises(GeometryError, match="2 voxels were drawn outside"):
        desk.session.save(insist=True)
    assert any("draft is not up to date" in notice and "outside" in notice for notice in desk.session.notices)
    assert drafted(desk, oblique, inside), "what lies inside the image survives a crash all the same"
    desk.session.undo()
    saved = desk.session.save(insist=True)
    expected = painted(oblique.mask().array, inside, "sacrum")
    np.testing.assert_array_equal(read_labels(saved.path, SPINE.scheme).array, expected)
