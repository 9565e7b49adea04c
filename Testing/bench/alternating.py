"""Two ways of doing the same, run alternately in one process: a busy machine then slows both alike.

Times are CPU seconds of all threads of this process.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Alternation:
    """CPU seconds of each run of both ways, pair by pair."""

    plain: tuple[float, ...]
    ours: tuple[float, ...]

    @property
    def plain_median(self) -> float:
        """Seconds of the plain way."""
        return statistics.median(self.plain)

    @property
    def ours_median(self) -> float:
        """Seconds of ours."""
        return statistics.median(self.ours)

    @property
    def cells(self) -> list[str]:
        """Both medians in seconds and the ratio, for a table."""
        return [f"{self.plain_median:.1f}", f"{self.ours_median:.3f}", self.ratio]

    @property
    def ratio(self) -> str:
        """Plain over ours for a table: the median of the pairs, the smallest and the largest."""
        ratios = [plain / ours for plain, ours in zip(self.plain, self.ours, strict=True)]
        return f"**{statistics.median(ratios):.0f}** ({min(ratios):.0f} to {max(ratios):.0f})"


def options_of(documentation: str) -> argparse.ArgumentParser:
    """Return a parser for a benchmark with this documentation; it knows ``--pairs``."""
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7, help="alternating runs of each way")
    return parser


def alternate(
    pairs: int,
    plain: Callable[[], Result],
    ours: Callable[[], Result],
    check: Callable[[Result, Result], str],
) -> Alternation:
    """Run both ways ``pairs`` times and print each; ``check`` says how their results differ, "" for not at all.

    Raises
    ------
    SystemExit
        The results differ: times of two ways that do different things say nothing.
    """
    spent: list[tuple[float, float]] = []
    for pair in range(1, pairs + 1):
        plain_s, expected = cpu_seconds(plain)
        ours_s, found = cpu_seconds(ours)
        if difference := check(expected, found):
            raise SystemExit(f"the two ways differ: {difference}")
        print(f"pair {pair}: {plain_s:.3f} s, ours {ours_s:.4f} s", flush=True)
        spent.append((plain_s, ours_s))
    return Alternation(*zip(*spent, strict=True))


def cpu_seconds(function: Callable[[], Result]) -> tuple[float, Result]:
    """Time one call."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result
