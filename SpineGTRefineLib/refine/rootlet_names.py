"""Which level rootlets are of, where one model draws them and another tells the levels along the canal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anatomy import scheme
from ..errors import UsageError
from ..imaging import LabelMap
from .inputs import require_same_grid
from .slices import Slices

FEW = 0.2
"""A slice with less than this share of a usual slice's voxels with a level says nothing."""


@dataclass(frozen=True, eq=False)
class NamedRootlets:
    """Rootlets with levels.

    Parameters
    ----------
    labels
        Scheme ``rootlets``; rootlets in slices without a level are left out.
    levels
        The level of each slice (0: none), of a shape that broadcasts against the grid.
    unnamed
        Number of voxels that were left out.
    """

    labels: LabelMap
    levels: np.ndarray
    unnamed: int


def name_rootlets(rootlets: LabelMap, canal_levels: LabelMap) -> NamedRootlets:
    """Give every rootlet the level that the canal has in its slice.

    Single voxels and slices of the levels may be wrong: the levels follow each other without a gap from head to foot,
    and of all such rows that one is taken which most voxels agree with (a Viterbi path over the slices).

    Parameters
    ----------
    rootlets
        Everything that is not background is a rootlet.
    canal_levels
        Scheme ``spinal_levels``, the whole canal or a part of it, on the same grid.

    Raises
    ------
    GeometryError
        The grids differ.
    UsageError
        The levels are in another scheme.
    """
    require_same_grid(rootlets, canal_levels, "map of levels")
    if canal_levels.scheme.name != "spinal_levels":
        raise UsageError(f"Spinal levels are needed; the map is of the scheme {canal_levels.scheme.name!r}.")
    slices = Slices.of(rootlets.geometry)
    votes = _votes(canal_levels, slices)
    row = np.zeros(slices.count, dtype=np.uint8)
    counts = votes.sum(axis=1)
    voted = np.flatnonzero(counts > FEW * np.median(counts[counts > 0])) if counts.any() else np.empty(0, int)
    if voted.size:
        first, last = int(voted[0]), int(voted[-1])
        row[first : last + 1] = _likeliest_row(votes[first : last + 1])
    levels = np.expand_dims(row[slices.from_head(np.arange(slices.count))], slices.other_axes)
    drawn = rootlets.array != 0
    array = np.where(drawn, levels, 0).astype(np.uint8)
    unnamed = int(np.count_nonzero(drawn) - np.count_nonzero(array))
    return NamedRootlets(LabelMap(array, rootlets.geometry, scheme("rootlets"), rootlets.source), levels, unnamed)


def _votes(levels: LabelMap, slices: Slices) -> np.ndarray:
    """Count the voxels (slice from the head, level)."""
    inside = np.nonzero(levels.array)
    depth, values = slices.from_head(inside[slices.axis]), levels.array[inside].astype(np.int64)
    most = max(levels.scheme.values)
    counts = np.bincount(depth * (most + 1) + values, minlength=slices.count * (most + 1))
    return counts.reshape(slices.count, most + 1)


def _likeliest_row(votes: np.ndarray) -> np.ndarray:
    """Return the level of each slice: none is left out, none comes back, and most votes are for them."""
    drawn = np.flatnonzero(votes.any(axis=0))
    first, last = int(drawn[0]), int(drawn[-1])
    votes = votes[:, first : last + 1]
    best, stepped = votes[0].astype(np.int64), np.zeros(votes.shape, dtype=bool)
    for depth in range(1, len(votes)):
        from_above = np.concatenate([[-1], best[:-1]])
        stepped[depth] = from_above > best
        best = np.maximum(best, from_above) + votes[depth]
    row = np.empty(len(votes), dtype=np.uint8)
    level = int(best.argmax())
    for depth in range(len(votes) - 1, -1, -1):
        row[depth] = first + level
        level -= int(stepped[depth, level])
    return row
