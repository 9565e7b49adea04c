"""A day without a window: fifty cases, two raters, a full disk, a folder that nobody may write to."""

import errno
import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from bids_world import tree_state
from review_world import CANAL, LEVELS, SPINE, ReviewWorld, draw, spine

from SpineGTRefineLib.bids import Dataset, load_mask, save_mask
from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.bids.pairs import read_pair
from SpineGTRefineLib.errors import WriteError
from SpineGTRefineLib.imaging import LabelMap, read_image, write_labels
from SpineGTRefineLib.review import operations as act
from SpineGTRefineLib.review.drafts import find_drafts
from SpineGTRefineLib.review.origin import OriginKind
from SpineGTRefineLib.review.proposals import Scope
from SpineGTRefineLib.review.session import ReviewSession, SessionState

VALUES = [SPINE.scheme.value_of(key) for key in LEVELS]
CASES = 50


def spoil(world: ReviewWorld, number: int) -> None:
    """Give a case one of five fates: sound, a stray piece, swapped levels, half a level missing, hopeless."""
    labels = spine()
    array = labels.array.copy()
    match number % 5:
        case 1:
            array[2:8, 4:10, 31:38] = VALUES[3]
            array[2:8, 4:10, 1:5] = VALUES[3]
        case 2:
            labels = spine((LEVELS[0], LEVELS[2], LEVELS[1], LEVELS[3]))
            array = labels.array
        case 3:
            array[2:5, 4:10, 11:18] = 0
            array[0:2] = 0
    key = f"sub-{number:02d}_T2w"
    path = world.root / "derivatives/labels" / key[:6] / "anat" / f"{key}_label-spine_dseg.nii.gz"
    write_labels(path, labels.with_array(array))


def work_on(session, number: int) -> str:
    """Do what the case needs, as a rater would, and hand it in; returns the status that the events must show."""
    session.viewed()
    session.touch()
    match number % 5:
        case 0:
            session.save()
            return "accepted-unchanged"
        case 1:
            session.apply(draw(np.s_[2:8, 4:10, 1:5], VALUES[0], "paint L4 vertebra"))
        case 2:
            assert any(problem.severity == "error" for problem in session.problems())
            session.apply(act.swap_levels("vertebra_L2", "vertebra_L3"))
        case 3:
            version = next(v for v in session.versions() if v.title.startswith("proposal"))
            session.adopt(version.proposal(), Scope(structures=frozenset({"vertebra_L3"})))
        case 4:
            session.flag(["blurred", "levels unsure"])
            return "flagged"
    assert not [problem for problem in session.problems() if problem.severity == "error"]
    assert np.array_equal(session.bench.labels().array, spine().array)
    session.save()
    return "corrected"


@pytest.mark.slow
def test_fifty_cases_by_two_raters_who_share_them(tmp_path):
    world = ReviewWorld(tmp_path / "data", cases=CASES, lab=("spine", "canal"))
    for number in range(1, CASES + 1):
        spoil(world, number)
    dataset = world.dataset()
    for case in dataset.cases():
        save_mask(dataset, case, SPINE, spine(), image=read_image(case.image))
    before = tree_state(world.root)
    sessions = [world.session(rater) for rater in ("AB", "CD")]
    expected, visits = {}, 0
    for session in sessions:
        session.open_first()
    while any(session.worklist.first_to_do() for session in sessions) and visits < 4 * CASES:
        session = sessions[visits % 2]
        visits += 1
        item = session.item
        if session.state is SessionState.EDITING and item.key not in expected:
            expected[item.key] = work_on(session, int(item.case.key[4:6]))
        world.clock.now += 7
        session.worklist.refresh()
        if session.open_next() is None or len(expected) == CASES:
            break
    world.close()
    assert len(expected) == CASES
    told = {(e.case, e.mask_type): e.status for e in read_events(dataset.output) if e.rater}
    assert told == expected
    assert Counter(expected.values()) == {"corrected": 30, "accepted-unchanged": 10, "flagged": 10}
    assert {e.rater for e in read_events(dataset.output)} == {"", "AB", "CD"}
    for case in dataset.cases():
        path = dataset.mask_path(case, SPINE)
        assert read_pair(path).problem == ""
        labels = load_mask(dataset, case, SPINE)
        assert int(case.key[4:6]) % 5 == 4 or np.array_equal(labels.array, spine().array)
    assert tree_state(world.root) == before, "nothing that was there before changed"
    assert find_drafts(dataset) == ()
    assert not list((dataset.output / ".spine-gt-refine" / "locks").iterdir())


def failure_of(action) -> WriteError | None:
    try:
        action()
    except WriteError as error:
        return error
    return None


def test_a_disk_that_fills_up_at_any_write_loses_no_edit_and_no_old_mask(world, monkeypatch):
    session = world.session()
    session.open_first()
    session.viewed()
    old = spine().array
    real = os.fsync
    for writes_left in range(30):
        session.apply(draw(np.s_[0, 0, writes_left], VALUES[0], "paint"))
        drawn = session.bench.labels().array
        budget = [writes_left]

        def fsync(descriptor, budget=budget):
            budget[0] -= 1
            if budget[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        error = failure_of(session.save)
        monkeypatch.setattr(os, "fsync", real)
        assert error is None or ("No space left" in error.cause and error.remedy)
        assert session.state is SessionState.EDITING
        assert np.array_equal(session.bench.labels().array, drawn), "the edits are still there"
        on_disk = load_mask(session.dataset, session.item.case, SPINE).array
        assert any(np.array_equal(on_disk, array) for array in (old, drawn)), "the old or the new mask, never a mix"
        old = on_disk
        if error is None:
            break
    assert error is None
    assert writes_left > 5
    assert session.notices, "that no draft could be written was told"
    assert find_drafts(session.dataset) == ()


def test_a_save_that_failed_works_once_there_is_room_and_a_crash_before_finds_the_draft(world, monkeypatch):
    session = world.session()
    session.open_first()
    session.viewed()
    session.apply(draw(np.s_[0, 0, :], VALUES[0], "paint"))
    monkeypatch.setattr("SpineGTRefineLib.bids.saving.write_pair", _full)
    with pytest.raises(WriteError):
        session.save()
    (draft,) = find_drafts(session.dataset, "AB")
    assert (draft.labels(session.bench.labels()).array[0, 0] == VALUES[0]).all()
    monkeypatch.undo()
    session.save(insist=True)
    assert find_drafts(session.dataset, "AB") == ()


def _full(*_arguments):
    raise WriteError("The mask could not be written: No space left on device.", "Free some disk space.")


def read_only_day(root: Path) -> list[str]:
    """Open, edit, fail to save, leave; come back and find the edits. Returns what happened."""
    told = []
    for visit in ("edit", "come back"):
        session = ReviewSession(Dataset.open(root), "AB", [SPINE])
        session.noticed.connect(told.append)
        session.open_first()
        told.append(f"{visit}: {session.state.name} {session.origin.kind.value}")
        if visit == "come back":
            told.append(f"recovered: {bool((session.bench.labels().array[0, 0] == VALUES[0]).all())}")
        session.apply(draw((0, 0), VALUES[0]))
        session.viewed()
        try:
            session.save(insist=True)
        except WriteError as error:
            told.append(f"refused: {error.remedy}")
        session.end()
    return [*told, f"draft: {find_drafts(Dataset.open(root))[0].path}"]


def as_nobody(action, report: Path) -> None:
    """Run an action in a copy of this process that may write what everybody may write, and report what it returns."""
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
            report.write_text("\n".join(action()))
        except BaseException:
            report.write_text(traceback.format_exc())
        finally:
            os._exit(0)
    os.waitpid(child, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="takes the right to write away the POSIX way")
def test_a_read_only_dataset_can_be_reviewed_with_drafts_in_the_users_folder(monkeypatch):
    folder = Path(tempfile.mkdtemp())  # a place that other users can reach, which tmp_path is not
    try:
        world = ReviewWorld(folder / "data", cases=1)
        state = folder / "state"
        state.mkdir()
        for path in (folder, folder / "data", *(folder / "data").rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        state.chmod(0o777)
        before = tree_state(world.root, leave_out="")
        monkeypatch.setenv("XDG_STATE_HOME", str(state))
        as_nobody(lambda: read_only_day(world.root), state / "report")
        told = (state / "report").read_text().splitlines()
        assert "edit: EDITING mask of the dataset" in told, told
        assert "come back: EDITING draft" in told
        assert "recovered: True" in told
        assert any("read-only" in line for line in told)
        assert any(line.startswith("refused: ") and "--output" in line for line in told)
        assert told[-1].startswith(f"draft: {state}")
        assert tree_state(world.root, leave_out="") == before
    finally:
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(folder)


def test_switching_to_a_case_that_was_read_ahead_reads_nothing_and_an_outdated_one_is_read_again(world, monkeypatch):
    session = world.session(mask_types=(SPINE, CANAL))
    session.open_first()
    following = session.worklist.next_to_do(session.item.key)
    for future in session._ahead._prefetcher._futures.values():
        future.result()  # also those after it: none of them may be read with the trap set
    monkeypatch.setattr("SpineGTRefineLib.review.ahead.load_case", lambda *_: pytest.fail("it was read again"))
    session.open_next()
    assert session.item.key == following.key
    monkeypatch.undo()
    third = session.worklist.next_to_do(session.item.key)
    session._ahead._prefetcher._futures[third.key].result()
    changed = draw(np.s_[0, 0, :], VALUES[0]).function(spine())
    lab = world.root / f"derivatives/labels/{third.case.key[:6]}/anat/{third.case.key}_label-{third.mask_type.name}_"
    lab = next(lab.parent.glob(lab.name + "*"))
    write_labels(lab, changed if third.mask_type == SPINE else LabelMap(changed.array, changed.geometry, CANAL.scheme))
    assert session.open_next().kind is OriginKind.LAB
    assert (session.bench.labels().array[0, 0] == VALUES[0]).all()
