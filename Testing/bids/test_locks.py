"""Two raters cannot overwrite each other; a rater who vanished does not block the case for ever."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from bids_world import make_labels

from SpineGTRefineLib.bids import locks, mask_type, save_mask
from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.bids.pairs import read_pair, turn_to_write
from SpineGTRefineLib.errors import LockedError

CASE = ("sub-01_T2w", "canal")


def age(path, seconds):
    stat = path.stat()
    os.utime(path, (stat.st_atime - seconds, stat.st_mtime - seconds))


def from_another_host(monkeypatch):
    monkeypatch.setattr(locks, "host_id", lambda: "ffffffff")


def ended_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_one_mask_has_one_holder_at_a_time(tmp_path):
    with locks.acquire(tmp_path, *CASE, "AB"):
        with pytest.raises(LockedError, match="AB is working"):
            locks.acquire(tmp_path, *CASE, "CD")
        locks.acquire(tmp_path, CASE[0], "spine", "CD").release()
    locks.acquire(tmp_path, *CASE, "CD").release()


@pytest.mark.parametrize("take_over", [False, True])
def test_of_many_who_ask_at_once_one_gets_it(tmp_path, monkeypatch, take_over):
    if take_over:
        age(locks.acquire(tmp_path, *CASE, "vanished").path, locks.STALE_AFTER_S + 60)
        from_another_host(monkeypatch)
    got = []

    def ask(name):
        with contextlib.suppress(LockedError):
            got.append(locks.acquire(tmp_path, *CASE, name, take_over=take_over))

    threads = [threading.Thread(target=ask, args=(f"rater{number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_the_second_rater_cannot_save_while_the_first_holds_the_mask(world):
    def save(rater):
        return save_mask(
            world.dataset, world.case, mask_type("canal"), make_labels(), image=world.image, rater=rater,
            status="corrected",
        )  # fmt: skip

    with locks.acquire(world.dataset.output, world.case.key, "canal", "AB"):
        with pytest.raises(LockedError, match="AB is working"):
            save("CD")
        save("AB")
    assert list((world.dataset.output / ".spine-gt-refine" / "locks").iterdir()) == []


def test_a_holder_without_sign_of_life_is_offered_for_take_over_never_replaced_silently(tmp_path, monkeypatch):
    first = locks.acquire(tmp_path, *CASE, "AB")
    from_another_host(monkeypatch)
    with pytest.raises(LockedError, match="AB"):
        locks.acquire(tmp_path, *CASE, "CD", take_over=True)
    age(first.path, locks.STALE_AFTER_S + 60)
    with pytest.raises(LockedError, match="you can take the mask over"):
        locks.acquire(tmp_path, *CASE, "CD")
    second = locks.acquire(tmp_path, *CASE, "CD", take_over=True)
    with pytest.raises(LockedError, match="taken over"):
        first.refresh()
    first.release()
    assert locks.holder_of(second.path) == second.holder


def test_a_sign_of_life_keeps_the_lease(tmp_path, monkeypatch):
    lease = locks.acquire(tmp_path, *CASE, "AB")
    age(lease.path, locks.STALE_AFTER_S + 60)
    lease.refresh()
    from_another_host(monkeypatch)
    assert not locks.is_stale(lease.path, lease.holder)


def test_clocks_that_disagree_do_not_make_a_lease_stale(tmp_path, monkeypatch):
    lease = locks.acquire(tmp_path, *CASE, "AB")
    from_another_host(monkeypatch)
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert not locks.is_stale(lease.path, lease.holder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows gives no harmless way to ask whether a process runs")
def test_after_a_crash_the_same_rater_on_the_same_machine_simply_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", ended_pid)
    crashed = locks.acquire(tmp_path, *CASE, "AB")
    monkeypatch.undo()
    with pytest.raises(LockedError, match="you can take the mask over"):
        locks.acquire(tmp_path, *CASE, "CD")
    assert locks.acquire(tmp_path, *CASE, "AB").holder != crashed.holder


@pytest.mark.parametrize("content", ["", "{", '{"rater": "AB"}', "[]"])
def test_a_lease_cut_short_by_a_crash_is_respected_until_it_is_old(tmp_path, content):
    path = locks.lease_path(tmp_path, *CASE)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(LockedError):
        locks.acquire(tmp_path, *CASE, "AB", take_over=True)
    age(path, locks.STALE_AFTER_S + 60)
    locks.acquire(tmp_path, *CASE, "AB", take_over=True)


def test_a_crash_during_a_take_over_does_not_block_the_case_for_ever(tmp_path, monkeypatch):
    lease = locks.acquire(tmp_path, *CASE, "AB")
    age(lease.path, locks.STALE_AFTER_S + 60)
    from_another_host(monkeypatch)
    guard = lease.path.with_suffix(".guard")
    guard.touch()
    with pytest.raises(LockedError):
        locks.acquire(tmp_path, *CASE, "CD", take_over=True)
    age(guard, locks.GUARD_LEFT_BEHIND_S + 60)
    assert locks.acquire(tmp_path, *CASE, "CD", take_over=True).holder.rater == "CD"
    assert not guard.exists()


def test_a_lease_is_given_free_also_while_others_keep_asking_for_it(tmp_path):
    lease = locks.acquire(tmp_path, *CASE, "AB")
    stop = threading.Event()

    def keep_asking():
        while not stop.is_set():
            with contextlib.suppress(LockedError):
                locks.acquire(tmp_path, *CASE, "CD", take_over=True).release()

    asker = threading.Thread(target=keep_asking)
    asker.start()
    lease.release()
    stop.set()
    asker.join()
    assert locks.holder_of(lease.path) is None


def test_programs_that_save_the_same_proposal_at_once_leave_one_mask_and_no_proposal_beside_it(world):
    def propose(stop):
        return save_mask(world.dataset, world.case, mask_type("canal"), make_labels(stop=stop), image=world.image)

    with ThreadPoolExecutor(8) as programs:
        saved = list(programs.map(propose, [3, 4] * 8))
    assert {path.path.name for path in saved} == {saved[0].path.name}
    assert [path.name for path in world.dataset.output.rglob("*.nii.gz")].count(saved[0].path.name) == 1
    assert not list(world.dataset.output.rglob("*proposal*"))
    assert read_pair(saved[0].path).problem == ""
    assert len(read_events(world.dataset.output)) == len(saved)


def test_a_program_of_this_machine_that_was_killed_while_it_saved_holds_nobody_up(world, monkeypatch):
    monkeypatch.setattr(os, "getpid", ended_pid)
    turn = turn_to_write(world.dataset.output, world.dataset.mask_path(world.case, mask_type("canal")))
    turn.__enter__()
    monkeypatch.undo()
    began = time.monotonic()
    save_mask(world.dataset, world.case, mask_type("canal"), make_labels(), image=world.image)
    assert time.monotonic() - began < locks.TURN_WAIT_S
