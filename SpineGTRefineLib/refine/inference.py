"""Levels of instances that overlap no free level, from their place between structures whose level is known.

TotalSpineSeg knows no T13, may miss a level or give two vertebrae one label. An instance that sits in the row of
vertebrae where exactly its level is missing gets that level, and the report says that it was inferred.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..anatomy import disc_below, scheme, structure
from .matching import Placement
from .naming import disc_above

DETOUR = 1.25
"""A vertebra between two others makes the way from one to the other at most this many times longer."""

STEP_ERROR = 0.6
"""The next vertebra lies where the last two point to, give or take this part of their distance."""

SIZES = (0.2, 2.5)
"""Smallest and largest size of a vertebra beside the median of those already placed."""


@dataclass(frozen=True, eq=False)
class _Anchor:
    """A level that is known: where it is, and between which positions of the list of placements it lies."""

    key: str
    centroid: np.ndarray
    position: int


def infer_vertebrae(
    placements: Sequence[Placement], taken: Collection[str], excluded: Collection[int] = ()
) -> list[Placement]:
    """Give levels to vertebrae that have none, where the row leaves one answer.

    Parameters
    ----------
    placements
        All vertebra instances from head to tail.
    taken
        Levels that TotalSpineSeg has; they are somewhere else and are never given here.
    excluded
        Values of instances that get no level (they lie in the sacrum).

    Returns
    -------
    list of Placement
        In the same order.
    """
    row = _Row(list(placements), taken, excluded)
    anchors = _anchors(placements)
    for above, below in pairwise(anchors):
        row.fill_gap(above, below)
    row.resolve_contested()
    if len(anchors) > 1:
        row.extend(anchors[-1], anchors[-2], step=1)
        row.extend(anchors[0], anchors[1], step=-1)
    return row.placements


def infer_discs(
    placements: Sequence[Placement], vertebrae: Sequence[Placement], present: Collection[str]
) -> list[Placement]:
    """Give levels to discs by the vertebra that SPINEPS attached them to, where TotalSpineSeg could not.

    Discs that exist only beside a T13 or L6 get their proper name here as well: TotalSpineSeg calls both discs of a T13
    T12-L1.
    """
    result = list(placements)
    level_of = {p.instance.value: p.levels for p in vertebrae if p.levels}
    for position, placement in enumerate(result):
        expected = _expected_disc(placement.instance.value - 100, level_of, present)
        others = {key for p in result if p is not placement for key in p.levels}
        if expected is None or expected in others or expected in placement.levels or len(placement.levels) > 1:
            continue
        if not placement.levels:
            if _keeps_order(result, position, expected):
                reason = "No overlap; named by the vertebra it is attached to."
                result[position] = replace(placement, levels=(expected,), action="inferred", reason=reason)
        elif _same_place(expected, placement.levels[0]):
            reason = f"{placement.levels[0]} in TotalSpineSeg; renamed beside a vertebra that it does not know."
            result[position] = replace(placement, levels=(expected,), action="inferred", reason=reason)
    return result


def _anchors(placements: Sequence[Placement]) -> list[_Anchor]:
    """Known levels from head to tail: the main instance of each, merged ones by their outer levels."""
    anchors: list[_Anchor] = []
    for position, placement in enumerate(placements):
        if placement.action == "kept":
            anchors.append(_Anchor(placement.levels[0], placement.instance.centroid, position))
        elif placement.action == "split":
            ends = (placement.levels[0], placement.levels[-1])
            anchors += [_Anchor(key, placement.instance.centroid, position) for key in ends]
    return anchors


class _Row:
    """The vertebra instances from head to tail, some with a level."""

    def __init__(self, placements: list[Placement], taken: Collection[str], excluded: Collection[int]) -> None:
        self.placements, self.taken, self.excluded = placements, taken, excluded
        self.names = [entry.structure.key for entry in scheme("spine").of_kind("vertebra")]
        self.usual_size = float(np.median([p.instance.voxels for p in placements if p.action == "kept"] or [0]))

    def fill_gap(self, above: _Anchor, below: _Anchor) -> None:
        """Name the free instances between two known levels, if there are as many as missing names."""
        between = self.names[self.names.index(above.key) + 1 : self.names.index(below.key)]
        missing = [key for key in between if key not in self.taken]
        usual = [key for key in missing if not structure(key).variant]
        names = usual or missing[:1]
        free = [
            position
            for position in range(above.position + 1, below.position)
            if self._is_free(position)
            and _lies_between(self.placements[position].instance.centroid, above.centroid, below.centroid)
        ]
        if len(free) == len(names):
            for position, key in zip(free, names, strict=True):
                self._give(position, key, f"It lies between {above.key} and {below.key}.")

    def resolve_contested(self) -> None:
        """Two neighbours that TotalSpineSeg made one: the upper one takes its name, the lower one the next."""
        for position, lower in enumerate(self.placements[1:], start=1):
            upper = self.placements[position - 1]
            if upper.contested is None or upper.levels or lower.levels != (upper.contested,):
                continue
            key = self._next_name(upper.contested, 1)
            used = {name for placement in self.placements for name in placement.levels}
            if key is not None and key not in self.taken and key not in used:
                reason = f"TotalSpineSeg gives one name, {upper.contested}, to this vertebra and the next."
                self.placements[position - 1] = replace(
                    upper, levels=lower.levels, action="kept", contested=None, reason=reason
                )
                self._give(position, key, f"It lies below {upper.contested} in one TotalSpineSeg structure.")

    def extend(self, last: _Anchor, before: _Anchor, step: int) -> None:
        """Go on beyond the last known level, as long as the next vertebra lies where it should."""
        position = last.position + step
        while 0 <= position < len(self.placements):
            centroid = self.placements[position].instance.centroid
            length = np.linalg.norm(last.centroid - before.centroid)
            error = np.linalg.norm(2 * last.centroid - before.centroid - centroid)
            key = self._next_name(last.key, step)
            if self._is_free(position) and error <= STEP_ERROR * length and key is not None and key not in self.taken:
                self._give(position, key, f"It lies next to {last.key}.")
                last, before = _Anchor(key, centroid, position), last
            position += step

    def _is_free(self, position: int) -> bool:
        placement = self.placements[position]
        smallest, largest = (factor * self.usual_size for factor in SIZES)
        fits = smallest <= placement.instance.voxels <= largest
        return not placement.levels and fits and placement.instance.value not in self.excluded

    def _give(self, position: int, key: str, reason: str) -> None:
        placement = self.placements[position]
        self.placements[position] = replace(placement, levels=(key,), action="inferred", dice=None, reason=reason)

    def _next_name(self, key: str, step: int) -> str | None:
        """Return the vertebra after ``key``. T13 is passed over, L6 follows L5, and C1 is never named here."""
        position = self.names.index(key) + step
        while 0 < position < len(self.names):
            is_last_resort = step > 0 and all(structure(name).variant for name in self.names[position:])
            if is_last_resort or not structure(self.names[position]).variant:
                return self.names[position]
            position += step
        return None


def _lies_between(point: np.ndarray, above: np.ndarray, below: np.ndarray) -> bool:
    way = np.linalg.norm(point - above) + np.linalg.norm(point - below)
    return bool(way <= DETOUR * np.linalg.norm(above - below))


def _expected_disc(vertebra: int, level_of: dict[int, tuple[str, ...]], present: Collection[str]) -> str | None:
    """Return the disc below the instance ``vertebra``; if it was not seen, the disc above the next instance."""
    if vertebra in level_of:
        return disc_below(level_of[vertebra][-1], present)
    if vertebra + 1 not in level_of:
        return None
    return disc_above(level_of[vertebra + 1][0], present)


def _keeps_order(placements: Sequence[Placement], position: int, key: str) -> bool:
    order = structure(key).order or 0.0
    above = [structure(k).order or 0.0 for p in placements[:position] for k in p.levels]
    below = [structure(k).order or 0.0 for p in placements[position + 1 :] for k in p.levels]
    return all(o < order for o in above) and all(o > order for o in below)


def _same_place(first: str, second: str) -> bool:
    """Whether two disc names can mean one disc, depending on which vertebrae exist."""
    a, b = structure(first), structure(second)
    touch = bool(set(a.above) & set(b.above)) or a.below == b.below
    return touch and (a.variant != b.variant)
