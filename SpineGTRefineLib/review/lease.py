"""Holds the open mask for its rater, shows that they are still at work, and says so when somebody took it over."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from ..bids import locks
from ..errors import LockedError

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
