"""Plots as numbers that a template draws: where dots, bars, ticks and names go, in the units of an SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

ROW = 22.0
"""Height of a row."""

NAMES = 150.0
"""Width of the column of names."""

WIDTH = 430.0
"""Width of the area that numbers are drawn in."""

MARGIN = 24.0
"""Room above and below the rows."""


@dataclass(frozen=True)
class Tick:
    """A line across a plot, and its text; ``kind`` is grid, zero or limit."""

    x: float
    text: str
    kind: str = "grid"


@dataclass(frozen=True)
class Dot:
    """One number; ``text`` is shown when the mouse rests on it."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Row:
    """One line of a plot: a name, dots, a mark at their middle, and a bar from one number to another (or none)."""

    name: str
    y: float
    dots: tuple[Dot, ...] = ()
    middle: float | None = None
    bar: tuple[float, float] | None = None
    kind: str = ""


@dataclass(frozen=True)
class Plot:
    """A plot with one row for each structure."""

    title: str
    note: str
    height: float
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    width: float = NAMES + WIDTH + MARGIN


@dataclass(frozen=True)
class Scale:
    """Maps numbers to places along a plot."""

    least: float
    most: float

    @classmethod
    def over(cls, numbers: Sequence[float], *, least: float | None = None, most: float | None = None) -> Scale:
        """Take in all numbers; ``least`` and ``most`` are taken in, too."""
        inside = [*numbers, *(limit for limit in (least, most) if limit is not None)] or [0.0]
        low, high = min(inside), max(inside)
        return cls(low, high if high > low else low + 1.0)

    def x(self, number: float) -> float:
        """Place of a number."""
        return round(NAMES + (number - self.least) / (self.most - self.least) * WIDTH, 2)

    def ticks(self) -> tuple[Tick, ...]:
        """About five round numbers in the range."""
        step = _round_step((self.most - self.least) / 5)
        first, last = ceil(self.least / step - 1e-9), floor(self.most / step + 1e-9)
        return tuple(Tick(self.x(n * step), f"{n * step:g}") for n in range(first, last + 1))


def strip_plot(
    title: str, note: str, rows: Sequence[tuple[str, Sequence[tuple[str, float]], float]], scale: Scale
) -> Plot:
    """Draw each case as a dot and the median as a mark.

    Parameters
    ----------
    title, note
        What is drawn, and how to read it.
    rows
        For each structure its name, (case, number) of each case, and the median.
    scale
        Of the numbers.
    """
    drawn = []
    for place, (name, cases, middle) in enumerate(rows):
        y = _y(place)
        # Dots of equal numbers lie on each other; three lanes keep neighbors apart without a random jitter.
        dots = tuple(
            Dot(scale.x(n), y + (number % 3 - 1) * 4, f"{case}: {n:.3g}") for number, (case, n) in enumerate(cases)
        )
        drawn.append(Row(name, y, dots, scale.x(middle)))
    return Plot(title, note, _height(len(drawn)), tuple(drawn), scale.ticks())


def interval_plot(
    title: str,
    note: str,
    rows: Sequence[tuple[str, float, tuple[float, float] | None, str]],
    margin: float,
) -> Plot:
    """Draw gains with their intervals, a line at 0, and one at the margin that no structure may fall below.

    Parameters
    ----------
    title, note
        What is drawn, and how to read it.
    rows
        Name, gain, interval, and kind (a class of the style sheet).
    margin
        Above 0; the line stands at minus this.
    """
    numbers = [n for _, gain, interval, _ in rows for n in (gain, *(interval or ()))]
    scale = Scale.over(numbers, least=-margin * 1.5, most=margin * 1.5)
    drawn = []
    for place, (name, gain, interval, kind) in enumerate(rows):
        bar = (scale.x(interval[0]), scale.x(interval[1])) if interval else None
        y = _y(place)
        drawn.append(Row(name, y, (Dot(scale.x(gain), y, f"{name}: {gain:+.3g}"),), bar=bar, kind=kind))
    lines = (Tick(scale.x(0.0), "", "zero"), Tick(scale.x(-margin), "margin", "limit"))
    return Plot(title, note, _height(len(drawn)), tuple(drawn), (*scale.ticks(), *lines))


def _round_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten that is at least ``rough``."""
    power = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def _y(place: int) -> float:
    return MARGIN + (place + 0.5) * ROW


def _height(rows: int) -> float:
    return 2 * MARGIN + rows * ROW
