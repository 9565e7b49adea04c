"""Unsaved edits survive a crash: at most a minute is lost, and what is found is whole."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.errors import InputError
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, write_image
from SpineGTRefineLib.review.drafts import DraftInfo, draft_places, find_drafts, write_draft
from SpineGTRefineLib.review.journal import INTERVAL_S, DraftJournal

SPINE = scheme("spine")
GRID = Geometry((9, 8, 7), np.diag([-0.9, 0.9, 4, 1]))


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "data" / "sub-01" / "anat" / "sub-01_T2w.nii.gz"
    path.parent.mkdir(parents=True)
    write_image(path, Image(np.zeros(GRID.shape, np.int16), GRID))
    return Dataset.open(tmp_path / "data")


def mask(value=41):
    array = np.zeros(GRID.shape, np.uint16)
    array[2:4, 3:5, 1:6] = value
    return LabelMap(array, GRID, SPINE)


def info(rater="AB", **more):
    return DraftInfo("sub-01_T2w", "spine", rater, time.time(), **more)


def places_of(dataset, rater="AB"):
    return draft_places(dataset, "sub-01_T2w", "spine", rater)


def path_of(dataset, rater="AB"):
    return places_of(dataset, rater).usual


def test_what_was_drawn_comes_back_with_its_rater_note_and_time(dataset):
    written = info(note="T5 unsure", seconds=12.5, based_on="ab" * 32)
    write_draft(path_of(dataset), mask(), written)
    (draft,) = find_drafts(dataset, "AB")
    assert draft.info == written
    labels = draft.labels(LabelMap(np.zeros(GRID.shape, np.uint8), GRID, SPINE))
    assert np.array_equal(labels.array, mask().array)
    assert labels.geometry.matches(GRID)


def test_voxels_that_could_not_be_saved_as_a_mask_are_kept_too(dataset):
    write_draft(path_of(dataset), mask(value=999), info())
    assert find_drafts(dataset)[0].labels(mask()).values() == (999,)


def test_each_rater_has_a_draft_of_their_own(dataset):
    for rater in ("AB", "CD"):
        write_draft(path_of(dataset, rater), mask(), info(rater))
    assert [draft.info.rater for draft in find_drafts(dataset, "CD")] == ["CD"]
    assert len(find_drafts(dataset)) == 2


def test_a_draft_that_was_cut_short_is_passed_over_and_never_half_loaded(dataset):
    write_draft(path_of(dataset), mask(), info())
    whole = path_of(dataset).read_bytes()
    draft = find_drafts(dataset)[0]
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        path_of(dataset).write_bytes(whole[:length])
        assert find_drafts(dataset) == ()
        with pytest.raises(InputError, match="damaged"):
            draft.labels(mask())


def test_a_change_is_on_disk_within_the_promised_time_without_holding_up_the_caller(dataset):
    assert INTERVAL_S <= 60
    journal = DraftJournal(interval_s=0.2)
    begin = time.monotonic()
    for value in (41, 42, 43):  # the first change starts the clock; later ones do not push it back
        journal.note_change(places_of(dataset), mask(value), info())
    assert time.monotonic() - begin < 0.05
    while not find_drafts(dataset):
        assert time.monotonic() - begin < 5
        time.sleep(0.01)
    assert find_drafts(dataset)[0].labels(mask()).values() == (43,)
    journal.close()


def test_steady_painting_does_not_push_the_draft_back_for_ever(dataset):
    journal = DraftJournal(interval_s=0.3)
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        journal.note_change(places_of(dataset), mask(), info())
        time.sleep(0.02)
    assert find_drafts(dataset)
    journal.close()


def test_closing_writes_what_waits_and_saving_removes_the_draft(dataset):
    journal = DraftJournal(interval_s=3600)
    journal.note_change(places_of(dataset), mask(), info())
    journal.close()
    assert len(find_drafts(dataset)) == 1
    journal = DraftJournal(interval_s=3600)
    journal.note_change(places_of(dataset), mask(), info())
    journal.discard(places_of(dataset))
    journal.close()
    assert find_drafts(dataset) == ()


def test_a_draft_that_the_output_has_no_room_for_goes_to_the_users_own_folder(dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    journal = DraftJournal(interval_s=3600)
    in_the_way = path_of(dataset).parent
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file where the folder should be")
    journal.note_change(places_of(dataset), mask(42), info())
    journal.flush()
    (draft,) = find_drafts(dataset)
    assert draft.path.is_relative_to(tmp_path / "state")
    assert draft.labels(mask()).values() == (42,)
    journal.discard(places_of(dataset))
    assert find_drafts(dataset) == ()
    journal.close()


def test_a_draft_that_can_be_written_nowhere_is_told_and_edits_go_on(dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    told = threading.Event()
    journal = DraftJournal(interval_s=0.05)
    journal.failed.connect(lambda error: told.set() if error.remedy else None)
    (tmp_path / "state").write_text("a file where the folder should be")
    in_the_way = path_of(dataset).parent
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("another one")
    journal.note_change(places_of(dataset), mask(), info())
    assert told.wait(5)
    in_the_way.unlink()
    journal.note_change(places_of(dataset), mask(), info())
    journal.close()
    assert len(find_drafts(dataset)) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_killed_while_it_writes_the_previous_or_the_new_draft_is_found(dataset, repository):
    write_draft(path_of(dataset), mask(41), info())
    code = (
        "import sys, numpy as np\n"
        f"sys.path.insert(0, {str(repository)!r}); sys.path.insert(0, {str(repository / 'Testing' / 'review')!r})\n"
        "from pathlib import Path\nfrom test_drafts import mask, info, write_draft\n"
        f"path = Path({str(path_of(dataset))!r})\nprint('go', flush=True)\n"
        "while True:\n    write_draft(path, mask(42), info()); write_draft(path, mask(43), info())\n"
    )
    for delay in (0.0, 0.003, 0.01, 0.02, 0.05):
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert writer.stdout.readline() == b"go\n"
        time.sleep(delay)
        writer.kill()
        writer.wait()
        (draft,) = find_drafts(dataset)
        assert draft.labels(mask()).values() in {(41,), (42,), (43,)}
