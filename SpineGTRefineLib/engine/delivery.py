"""The one way of all callbacks to the caller: in order, outside every lock of ours, unbroken by one that fails."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

Callback = Callable[[], None]
Deliver = Callable[[Callback], None]
"""Takes a callback and runs it where the caller wants it to run: at once, or later on a GUI's own thread."""

_LOG = logging.getLogger(__name__)


def deliver_here(callback: Callback) -> None:
    """Run a callback at once, on the engine's delivery thread."""
    callback()


class Delivery:
    """A thread that hands callbacks to ``deliver``, so that neither a slow nor a failing one holds the engine up."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._queue: queue.SimpleQueue[tuple[Callback, Callback | None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="engine-delivery", daemon=True)
        self._thread.start()

    def post(self, callback: Callback, afterwards: Callback | None = None) -> None:
        """Queue a callback; ``afterwards`` is run once it was delivered, also if it failed."""
        self._queue.put((callback, afterwards))

    def close(self, timeout_s: float) -> None:
        """Deliver what is queued, then stop."""
        self._queue.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            callback, afterwards = item
            try:
                self._deliver(callback)
            except Exception:  # Whatever a caller's function does, the other jobs go on.
                _LOG.exception("A callback of the engine's caller failed.")
            if afterwards is not None:
                afterwards()
