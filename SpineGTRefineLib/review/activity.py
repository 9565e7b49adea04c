"""How long a rater really worked on a mask: time without a sign of life does not count."""

from __future__ import annotations

from collections.abc import Callable

IDLE_AFTER_S = 60.0
"""Seconds without a sign of life after which a rater counts as away."""


class ActiveTime:
    """A stopwatch that stops by itself.

    Parameters
    ----------
    clock
        Seconds that never run backwards, such as ``time.monotonic``.
    idle_after_s
        Longest pause that still counts; of a longer one only this much does.
    """

    def __init__(self, clock: Callable[[], float], idle_after_s: float = IDLE_AFTER_S) -> None:
        self._clock = clock
        self._idle_after_s = idle_after_s
        self._counted = 0.0
        self._last = clock()

    def restart(self, counted: float = 0.0) -> None:
        """Begin anew, with time that was counted before (a draft's)."""
        self._counted = counted
        self._last = self._clock()

    def touch(self) -> None:
        """Show a sign of life: an edit, a key, a scrolled slice."""
        self._counted += self._since_last()
        self._last = self._clock()

    @property
    def seconds(self) -> float:
        """Active time so far."""
        return self._counted + self._since_last()

    def _since_last(self) -> float:
        return min(self._clock() - self._last, self._idle_after_s)
