"""The way of callbacks from other threads to the thread of the windows."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import qt

from ..errors import RefineError, UnexpectedError

T = TypeVar("T")

INTERVAL_MS = 20
THREADS = 3
"""Works that go on beside each other: checks must not wait until an environment is set up."""

SLICE_S = 0.02
"""Longest time that callbacks may take before the event loop gets its turn."""

_LOG = logging.getLogger(__name__)


class GuiThread:
    """Runs functions on the thread that made it. A timer collects them: PythonQt has no other safe way."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(THREADS, "panel")
        self._timer = qt.QTimer()
        self._timer.setInterval(INTERVAL_MS)
        self._timer.connect("timeout()", self.run)
        self._timer.start()

    def deliver(self, callback: Callable[[], None]) -> None:
        """Run a function soon; may be called from any thread."""
        self._waiting.put(callback)

    def inBackground(
        self,
        work: Callable[[], T],
        onDone: Callable[[T], None],
        onError: Callable[[RefineError], None],
    ) -> None:
        """Do work on another thread, then hand its result or its error over on this one. The work knows no widget."""

        def run() -> None:
            try:
                result = work()
            except Exception as error:
                if not isinstance(error, RefineError):
                    _LOG.exception("Work in the background failed.")
                known = error if isinstance(error, RefineError) else UnexpectedError.of(error)
                self.deliver(lambda: onError(known))
            else:
                self.deliver(lambda: onDone(result))

        self._pool.submit(run)

    def run(self) -> None:
        """Run what waits, for a moment at most."""
        end = time.monotonic() + SLICE_S
        while not self._waiting.empty() and time.monotonic() < end:
            self._waiting.get()()

    def stop(self) -> None:
        """Run nothing any more."""
        self._timer.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
