"""Keeps the draft of the mask under edit up to date beside the work: a crash loses at most a minute."""

from __future__ import annotations

import contextlib
import threading
import time

from ..errors import RefineError, WriteError
from ..imaging import LabelMap
from .drafts import DraftInfo, DraftPlaces, write_draft
from .signal import Signal

INTERVAL_S = 30.0
"""Longest time between a change and the draft that holds it, writing included; half of what is promised."""


class DraftJournal:
    """Keeps the draft of the mask under edit at most :data:`INTERVAL_S` behind, on a thread of its own.

    Parameters
    ----------
    interval_s
        How long a change may wait.

    Attributes
    ----------
    failed : Signal
        Emitted, on the journal's thread, with the error of a draft that could not be written; edits go on.
    """

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self.failed: Signal[RefineError] = Signal()
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._pending: tuple[DraftPlaces, LabelMap, DraftInfo] | None = None
        self._due: float | None = None
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drafts", daemon=True)
        self._thread.start()

    def note_change(self, places: DraftPlaces, labels: LabelMap, info: DraftInfo) -> None:
        """Hand over the voxels as they are now. Returns at once; ``labels`` must not change afterwards."""
        with self._lock:
            self._pending = places, labels, info
            if self._due is None:
                self._due = time.monotonic() + self._interval_s
        self._wake.set()

    def flush(self) -> None:
        """Write what waits, now, on the calling thread (before a risky step, on closing).

        Raises
        ------
        WriteError
            No disk takes it; it waits on.
        """
        self._write()

    def discard(self, places: DraftPlaces) -> None:
        """Forget what waits and delete the draft: the mask was saved, or the edits were given up."""
        with self._lock:
            self._pending, self._due = None, None
            for path in places:
                with contextlib.suppress(OSError):  # a folder that was writable when the draft was made
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write what waits and end the thread."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        self._write_or_tell()

    def _run(self) -> None:
        while not self._stop.is_set():
            due = self._due
            self._wake.wait(None if due is None else max(0.0, due - time.monotonic()))
            self._wake.clear()
            if self._due is not None and time.monotonic() >= self._due and not self._stop.is_set():
                self._write_or_tell()

    def _write_or_tell(self) -> None:
        try:
            self._write()
        except RefineError as error:
            self.failed.emit(error)

    def _write(self) -> None:
        with self._lock:
            if self._pending is None:
                return
            self._due = time.monotonic() + self._interval_s  # where it fails, it is tried again
            _write_somewhere(*self._pending)
            self._pending, self._due = None, None


def _write_somewhere(places: DraftPlaces, labels: LabelMap, info: DraftInfo) -> None:
    try:
        write_draft(places.usual, labels, info)
    except WriteError:
        if places.spare == places.usual:
            raise
        write_draft(places.spare, labels, info)
