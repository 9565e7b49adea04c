"""Steps on nerve rootlets: which stretch of the cord is which spinal level, and rootlets where none can be.

A spinal level is the stretch of cord where its rootlets enter. Slices are those of the voxel axis nearest to head-foot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from ..anatomy import scheme, structure
from ..errors import UsageError
from ..imaging import LabelMap
from . import growth
from .inputs import require_positive, require_same_grid
from .slices import Slices

CORD_REACH_MM = 1.5
"""Rootlets this near to the cord enter it there (three voxels of the PAM50 template)."""

APART_MM = 10.0
"""Rootlets of one level that lie further apart along the cord cannot all be of this level."""

Gaps = Literal["leave", "middle", "below"]
GAPS: tuple[str, ...] = get_args(Gaps)


@dataclass(frozen=True)
class Stretch:
    """The slices of one spinal level.

    Parameters
    ----------
    key
        The level, for example ``spinal_level_C5``.
    head, foot
        First and last slice, counted from the head end of the image, both inside.
    """

    key: str
    head: int
    foot: int


@dataclass(frozen=True, eq=False)
class SpinalLevels:
    """A cord coloured by spinal level.

    Parameters
    ----------
    labels
        Scheme ``spinal_levels`` (C1 = 1 to S5 = 30) on the grid of the cord; cord without a level is background.
    slices
        For each level the lowest and highest index of its slices along the voxel axis nearest to head-foot.
    remarks
        What is odd about the rootlets: levels missing in between, out of order, found at two
        places, or too far from the cord.
    """

    labels: LabelMap
    slices: Mapping[str, tuple[int, int]]
    remarks: tuple[str, ...]


def spinal_levels(
    rootlets: LabelMap, cord: LabelMap, *, reach_mm: float = CORD_REACH_MM, gaps: Gaps = "leave"
) -> SpinalLevels:
    """Colour the cord by spinal level, from the rootlets that enter it.

    Parameters
    ----------
    rootlets
        Scheme ``rootlets``.
    cord
        Everything that is not 0; on the same grid.
    reach_mm
        Rootlet voxels this near to the cord count. More makes levels longer.
    gaps
        What becomes of cord between two levels that follow each other: ``leave`` it without a level, share it at the
        ``middle``, or give it to the level ``below`` (a level then reaches from the end of the one above to its own).
        Where a level between them is missing, the cord is left.

    Returns
    -------
    SpinalLevels
        Where two levels overlap, they share the slices at the middle.

    Raises
    ------
    GeometryError
        The grids differ.
    UsageError
        ``gaps`` is none of the three, or the rootlets are not in the scheme ``rootlets``.
    """
    require_same_grid(rootlets, cord, "cord")
    require_positive(reach_mm, "distance in mm")
    require_known_gaps(gaps)
    if rootlets.scheme.name != "rootlets":
        raise UsageError(f"Rootlets are needed; the mask is of the scheme {rootlets.scheme.name!r}.")
    slices = Slices.of(cord.geometry)
    found, twice = _stretches(rootlets, cord, reach_mm, slices)
    stretches = _bridged(_without_overlap(found), gaps)
    remarks = (*twice, *_out_of_order(found), *_left_out(found), *_crowded_out(found, stretches))
    levels = scheme("spinal_levels")
    depth = slices.from_head(np.arange(slices.count))
    values = np.zeros(slices.count, dtype=np.uint8)
    for stretch in stretches:
        values[(stretch.head <= depth) & (depth <= stretch.foot)] = levels.value_of(stretch.key)
    array = np.where(cord.array != 0, np.expand_dims(values, slices.other_axes), 0).astype(np.uint8)
    ranges = {s.key: _sorted(slices.from_head(np.array([s.head, s.foot]))) for s in stretches}
    return SpinalLevels(LabelMap(array, cord.geometry, levels, cord.source), ranges, remarks)


def require_known_gaps(gaps: str) -> None:
    """Refuse a way to treat gaps that there is not.

    Raises
    ------
    UsageError
        The message names those that there are.
    """
    if gaps not in GAPS:
        raise UsageError(f"There is no way {gaps!r} to treat gaps.", f"Choose one of: {', '.join(GAPS)}.")


def zero_below(labels: LabelMap, key: str, landmarks: LabelMap | None = None) -> LabelMap:
    """Remove everything below a structure: what a model takes for rootlets where it never learnt any.

    Parameters
    ----------
    labels
        The map; not changed.
    key
        The structure: a disc (point), a vertebra, a spinal level ... Its own slices stay.
    landmarks
        Map that holds it, on the same grid; None if it is in ``labels``.

    Raises
    ------
    UsageError
        The structure is not in the map.
    """
    where = labels if landmarks is None else landmarks
    require_same_grid(labels, where, "map of landmarks")
    slices = Slices.of(labels.geometry)
    found = np.flatnonzero(where.mask(where.scheme.value_of(key)).any(axis=slices.other_axes))
    if found.size == 0:
        raise UsageError(f"{structure(key).name} is not in the map of landmarks.", "Choose a structure that is there.")
    depth = slices.from_head(np.arange(slices.count))
    below = np.expand_dims(depth > slices.from_head(found).max(), slices.other_axes)
    return labels.with_array(np.where(below, 0, labels.array).astype(labels.array.dtype, copy=False))


def _stretches(rootlets: LabelMap, cord: LabelMap, reach_mm: float, slices: Slices) -> tuple[list[Stretch], list[str]]:
    """Find where the rootlets of each level enter the cord."""
    near = growth.expand((cord.array != 0).astype(np.uint8), cord.geometry.spacing, reach_mm) != 0
    voxels = np.nonzero(near & (rootlets.array != 0))
    depth = slices.from_head(voxels[slices.axis])
    values, drawn = rootlets.array[voxels], set(rootlets.values())
    apart = max(APART_MM / cord.geometry.spacing[slices.axis], 1)
    found, far, remarks = [], [], []
    for entry in rootlets.scheme.of_kind("rootlets"):
        own, counts = np.unique(depth[values == entry.value], return_counts=True)
        if own.size == 0:
            far += [_level(entry.structure.key)] if entry.value in drawn else []
            continue
        place = np.concatenate([[0], np.cumsum(np.diff(own) > apart)])
        if place[-1] > 0:
            remarks.append(f"The {entry.structure.name} enter the cord at {place[-1] + 1} places; the main one counts.")
            own = own[place == np.bincount(place, weights=counts).argmax()]
        level = entry.structure.key.replace("rootlets_", "spinal_level_")
        found.append(Stretch(level, int(own[0]), int(own[-1])))
    if far:
        remarks.append(f"The {_listed(far)} rootlets nowhere come within {reach_mm:g} mm of the cord.")
    return found, remarks


def _out_of_order(stretches: list[Stretch]) -> Iterator[str]:
    for upper, lower in pairwise(stretches):
        if _middle(upper) > _middle(lower):
            yield f"The {structure(upper.key).name} lies below the {structure(lower.key).name}."


def _left_out(stretches: list[Stretch]) -> Iterator[str]:
    row = [entry.structure.key for entry in scheme("spinal_levels").of_kind("spinal_level")]
    for upper, lower in pairwise(stretches):
        missing = [_level(key) for key in row[row.index(upper.key) + 1 : row.index(lower.key)]]
        if missing:
            noun = "spinal level was" if len(missing) == 1 else "spinal levels were"
            yield f"The {_listed(missing)} {noun} not found, but those above and below."


def _crowded_out(found: list[Stretch], stretches: list[Stretch]) -> Iterator[str]:
    left = {stretch.key for stretch in stretches}
    for stretch in found:
        if stretch.key not in left:
            yield f"The {structure(stretch.key).name} lies wholly within other levels and got no slice."


def _without_overlap(found: list[Stretch]) -> list[Stretch]:
    """Sort from head to tail, and share slices that two neighbours claim at the middle.

    Of an odd number, the shorter of the two gets the slice in the middle, so that it does not disappear.
    """
    row = sorted(found, key=_middle)
    for place in range(len(row) - 1):
        upper, lower = row[place], row[place + 1]
        first, last = max(upper.head, lower.head), min(upper.foot, lower.foot)
        if first <= last:
            upper_is_shorter = upper.foot - upper.head <= lower.foot - lower.head
            border = first + (last - first + 1 + upper_is_shorter) // 2
            row[place], row[place + 1] = replace(upper, foot=border - 1), replace(lower, head=border)
    return [stretch for stretch in row if stretch.head <= stretch.foot]


def _bridged(stretches: list[Stretch], gaps: Gaps) -> list[Stretch]:
    row = [entry.structure.key for entry in scheme("spinal_levels").of_kind("spinal_level")]
    bridged = list(stretches)
    for place, (upper, lower) in enumerate(pairwise(stretches)):
        if gaps == "leave" or row.index(lower.key) != row.index(upper.key) + 1:
            continue
        last = upper.foot if gaps == "below" else (upper.foot + lower.head) // 2
        bridged[place] = replace(bridged[place], foot=max(last, upper.foot))
        bridged[place + 1] = replace(bridged[place + 1], head=bridged[place].foot + 1)
    return bridged


def _level(key: str) -> str:
    """Return the level of a structure: ``C5`` of ``rootlets_C5`` and of ``spinal_level_C5``."""
    return key.rpartition("_")[2]


def _listed(levels: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(levels[:-1]), levels[-1]]))


def _middle(stretch: Stretch) -> float:
    return (stretch.head + stretch.foot) / 2


def _sorted(pair: np.ndarray) -> tuple[int, int]:
    return int(pair.min()), int(pair.max())
