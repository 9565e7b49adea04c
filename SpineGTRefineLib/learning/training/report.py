"""How far a long piece of work is, told in parts of the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Report(Protocol):
    """Hears of progress."""

    def __call__(self, part: float, stage: str, detail: str = "", *, timed: bool = False) -> None:
        """Take the part of the whole that is done (0 to 1), what is done now, and what changes within it.

        ``timed`` says that the speed of this stage tells how long the rest of the whole will take.
        """


def silent(part: float, stage: str, detail: str = "", *, timed: bool = False) -> None:
    """Hear nothing."""
    del part, stage, detail, timed


def part_of(
    report: Report, begin: float, end: float, stage: str, *, timed: bool = False
) -> Callable[[float, str], None]:
    """Return a function that reports the progress of one stage, 0 to 1, as that of the whole."""
    return lambda part, detail: report(begin + part * (end - begin), stage, detail, timed=timed)


def span_of(report: Report, begin: float, end: float) -> Report:
    """Return a report for a piece of work that is a part of the whole, with stages of its own."""

    def scaled(part: float, stage: str, detail: str = "", *, timed: bool = False) -> None:
        report(begin + part * (end - begin), stage, detail, timed=timed)

    return scaled
