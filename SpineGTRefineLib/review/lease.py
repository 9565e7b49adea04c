"""Holds the open mask for its rater, shows that they are still at work, and says so when somebody took it over."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial

from ..bids import Dataset, locks
from ..bids.tracks import Track
from ..errors import LockedError
from .signal import Signal
from .worklist import Item

REFRESH_EVERY_S = locks.STALE_AFTER_S / 5
"""Seconds between two signs of life; a few may get lost on a slow network before the lease counts as stale."""


class LeaseKeeper:
    """Refreshes a lease on a thread of its own until it is released.

    Parameters
    ----------
    lease
        What to hold.
    on_lost
        Called once, on that thread, if somebody took the lease over.
    every_s
        Seconds between two signs of life.
    """

    def __init__(
        self, lease: locks.Lease, on_lost: Callable[[LockedError], None], every_s: float = REFRESH_EVERY_S
    ) -> None:
        self._lease = lease
        self._on_lost = on_lost
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the mask free."""
        self._stop.set()
        self._thread.join()
        with contextlib.suppress(OSError):  # what cannot be removed becomes stale
            self._lease.release()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._lease.refresh()
            except LockedError as error:
                self._on_lost(error)
                return
            except OSError:
                continue  # the network is away for a moment; the lease stays ours until somebody takes it


class Custody:
    """Holds one mask at a time for a rater.

    Parameters
    ----------
    dataset, track
        Whose masks.
    deliver
        Runs a callback on the caller's thread.

    Attributes
    ----------
    lost : Signal
        Emitted through ``deliver`` if somebody took the mask over.
    """

    def __init__(self, dataset: Dataset, track: Track, deliver: Callable[[Callable[[], None]], None]) -> None:
        self.lost: Signal[[LockedError]] = Signal()
        self._dataset = dataset
        self._track = track
        self._deliver = deliver
        self._keeper: LeaseKeeper | None = None
        self._lease: locks.Lease | None = None

    def take(self, item: Item, *, take_over: bool = False) -> None:
        """Take a mask.

        Raises
        ------
        LockedError
            Somebody else holds it.
        WriteError
            The folder is read-only.
        """
        output, rater, track = self._dataset.output, self._track.rater, self._track.lock
        lease = locks.acquire(output, *item.key, rater, track=track, take_over=take_over)
        self._keeper = LeaseKeeper(lease, lambda error: self._deliver(partial(self._tell, lease, error)))
        self._lease = lease

    def give_back(self) -> None:
        """Give the mask free, if one is held."""
        if self._keeper is not None:
            self._keeper.release()
            self._keeper = None

    def is_free(self, item: Item) -> bool:
        """Whether nobody else holds a mask now."""
        holder = locks.holder_of(locks.lease_path(self._dataset.output, *item.key, self._track.lock))
        return holder is None or holder.rater == self._track.rater

    def _tell(self, lease: locks.Lease, error: LockedError) -> None:
        if self._keeper is not None and self._lease is lease:  # not one that was given back meanwhile
            self.lost.emit(error)
