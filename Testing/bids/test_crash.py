"""A process that dies in the middle of a save leaves the old or the new pair of mask and sidecar, never a mix."""

import errno
import os
import signal
import sys

import numpy as np
import pytest
from bids_world import make_labels, tree_state

from SpineGTRefineLib import fileops
from SpineGTRefineLib.bids import history, load_mask, mask_type, save_mask
from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.bids.pairs import read_pair
from SpineGTRefineLib.errors import WriteError

CANAL = mask_type("canal")
OLD, NEW = make_labels(stop=3), make_labels(stop=5)
_WRITING = {"os.rename", "os.remove", "os.mkdir"}


def save(world, labels, **options):
    return save_mask(world.dataset, world.case, CANAL, labels, image=world.image, **options)


def die_at(step: int, folder: str) -> None:
    """Kill this process at its n-th operation that changes something under a folder."""
    count = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal count
        writes = event in _WRITING or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY)
        if writes and str(arguments[0]).startswith(folder):
            count += 1
            if count > step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def in_child(action) -> bool:
    """Run ``action`` in a copy of this process; return whether it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


def failure_of(action) -> WriteError | None:
    try:
        action()
    except WriteError as error:
        return error
    return None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_case_59_kill_9_at_each_step_of_a_save(world):
    before = tree_state(world.root)
    outcomes = set()
    for step in range(200):
        save(world, OLD)

        def dying_save(step=step):
            die_at(step, str(world.root))
            save(world, NEW)

        finished = in_child(dying_save)
        loaded = load_mask(world.dataset, world.case, CANAL)
        pair = read_pair(loaded.source.path)
        is_new = np.array_equal(loaded.array, NEW.array)
        assert is_new or np.array_equal(loaded.array, OLD.array), f"step {step}: a mix"
        assert pair.problem == "", f"step {step}: the sidecar describes another mask"
        assert not list(world.dataset.output.rglob("pending/*.json")), f"step {step}: the note is still there"
        if is_new:
            assert pair.sha256 == read_events(world.dataset.output)[-1].sha256, f"step {step}: no event"
            assert history.versions(world.dataset.output, world.case.key), f"step {step}: the old mask is lost"
        outcomes.add(is_new)
        if finished:
            break
    assert finished
    assert step > 10
    assert outcomes == {True, False}
    assert tree_state(world.root) == before


def test_case_61_power_cut_between_mask_and_sidecar_is_completed_when_the_mask_is_read(world, monkeypatch):
    save(world, OLD)

    def power_cut(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("SpineGTRefineLib.bids.pairs.write_json", power_cut)
    with pytest.raises(KeyboardInterrupt):
        save(world, NEW, rater="AB", status="corrected")
    monkeypatch.undo()
    target = world.dataset.mask_path(world.case, CANAL)
    assert "does not describe" in read_pair(target).problem
    assert np.array_equal(load_mask(world.dataset, world.case, CANAL).array, NEW.array)
    pair = read_pair(target)
    assert (pair.problem, pair.own["Rater"]) == ("", "AB")
    assert read_events(world.dataset.output)[-1].status == "corrected"


def test_case_58_a_full_disk_at_any_write_leaves_the_old_or_the_new_pair(world, monkeypatch):
    real = fileops.os.fsync
    for writes_left in range(20):
        save(world, OLD)
        budget = [writes_left]

        def fsync(descriptor, budget=budget):
            budget[0] -= 1
            if budget[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        error = failure_of(lambda: save(world, NEW))
        monkeypatch.setattr(os, "fsync", real)
        assert error is None or ("No space left" in error.cause and error.remedy)
        loaded = load_mask(world.dataset, world.case, CANAL)
        assert read_pair(loaded.source.path).problem == ""
        assert any(np.array_equal(loaded.array, labels.array) for labels in (OLD, NEW))
        assert not list(world.root.rglob(".tmp-*"))
        if error is None:
            break
    assert error is None
    assert writes_left > 5


def test_the_next_save_after_an_interrupted_one_works(world, monkeypatch):
    save(world, OLD)
    monkeypatch.setattr("SpineGTRefineLib.bids.pairs.record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        save(world, NEW)
    monkeypatch.undo()
    saved = save(world, OLD)
    assert read_pair(saved.path).problem == ""
    assert [event.sha256 == saved.sha256 for event in read_events(world.dataset.output)] == [True, False, True]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom a folder can refuse")
def test_case_57_a_read_only_output_is_refused_with_a_remedy(world):
    (world.root / "derivatives").chmod(0o555)
    try:
        with pytest.raises(WriteError, match="--output"):
            save(world, OLD)
    finally:
        (world.root / "derivatives").chmod(0o755)


def test_case_57_a_file_where_the_output_folder_should_be_is_refused_with_a_remedy(world):
    world.dataset.output.write_text("in the way")
    with pytest.raises(WriteError, match="--output"):
        save(world, OLD)
