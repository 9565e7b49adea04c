"""Holding the open mask: signs of life while at work, a take-over that is told, nothing left behind."""

import os
import threading
import time
from functools import partial

import numpy as np
import pytest
from review_world import Inbox, draw, spine

from SpineGTRefineLib.bids import locks
from SpineGTRefineLib.errors import LockedError
from SpineGTRefineLib.review.drafts import find_drafts
from SpineGTRefineLib.review.lease import REFRESH_EVERY_S, LeaseKeeper
from SpineGTRefineLib.review.session import SessionState

MASK = ("sub-01_T2w", "spine")


def grow_stale(path):
    past = time.time() - 2 * locks.STALE_AFTER_S
    os.utime(path, (past, past))


def test_a_rater_at_work_never_counts_as_away(tmp_path):
    assert REFRESH_EVERY_S * 3 < locks.STALE_AFTER_S
    lease = locks.acquire(tmp_path, *MASK, "AB")
    grow_stale(lease.path)
    keeper = LeaseKeeper(lease, pytest.fail, every_s=0.02)
    end = time.monotonic() + 5
    while time.time() - lease.path.stat().st_mtime > locks.STALE_AFTER_S:
        assert time.monotonic() < end
        time.sleep(0.01)
    keeper.release()
    assert not lease.path.exists()


def test_a_take_over_is_told_once_and_the_new_holder_keeps_the_mask(tmp_path):
    lost, told = threading.Event(), []
    lease = locks.acquire(tmp_path, *MASK, "AB")
    grow_stale(lease.path)
    new = locks.acquire(tmp_path, *MASK, "CD", take_over=True)
    keeper = LeaseKeeper(lease, lambda error: (told.append(error), lost.set()), every_s=0.02)
    assert lost.wait(5)
    keeper.release()
    assert len(told) == 1
    assert locks.holder_of(new.path).rater == "CD"


def test_who_comes_back_after_a_take_over_can_look_has_the_draft_and_overwrites_nothing(world, monkeypatch):
    monkeypatch.setattr("SpineGTRefineLib.review.lease.LeaseKeeper", partial(LeaseKeeper, every_s=0.02))
    inbox = Inbox()
    first, second = world.session("AB", deliver=inbox), world.session("CD")
    first.open_first()
    first.apply(draw(np.s_[0, 0, :], 43))
    path = locks.lease_path(first.dataset.output, *first.item.key)
    monkeypatch.setattr(locks.Lease, "refresh", lambda lease: None)  # away for lunch
    grow_stale(path)
    second.open(second.worklist.items()[0], take_over=True)
    assert second.state is SessionState.EDITING
    monkeypatch.undo()
    end = time.monotonic() + 5
    while not inbox.run(0.05):
        assert time.monotonic() < end
    assert first.state is SessionState.VIEWING
    assert find_drafts(first.dataset, "AB")
    first.viewed()
    with pytest.raises(LockedError):
        first.save()
    second.viewed()
    second.save()
    assert np.array_equal(second.bench.labels().array, spine().array)


def test_a_take_over_that_is_told_late_does_not_close_the_next_mask(world, monkeypatch):
    monkeypatch.setattr("SpineGTRefineLib.review.lease.LeaseKeeper", partial(LeaseKeeper, every_s=0.02))
    inbox = Inbox()
    session = world.session(deliver=inbox)
    session.open_first()
    locks.lease_path(session.dataset.output, *session.item.key).unlink()
    time.sleep(0.2)  # the loss is noticed, and waits to be told
    session.open_next()
    assert inbox.run(0.2)
    assert session.state is SessionState.EDITING


def test_going_on_skips_what_others_hold(world):
    first, second = world.session("AB"), world.session("CD")
    second.open(second.worklist.items()[1])
    first.open_first()
    first.open_next()
    assert first.item.case.key == "sub-03_T2w"
