"""What several raters say about each voxel, as the few patterns that really occur.

Four raters and ten levels can vote in ten thousand ways; on a real case some hundred occur, on some ten thousand of
twenty million voxels. Everything that raters are asked for follows from how often each pattern occurs, so that it is
computed once per pattern and not once per voxel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from ...errors import LabelError, UsageError
from ...imaging import LabelMap, reorient_to_grid


@dataclass(frozen=True, eq=False)
class Votes:
    """The masks of several raters, voxel by voxel, sorted by pattern.

    Parameters
    ----------
    raters
        Their names.
    like
        The first rater's mask: grid and scheme of all of them.
    levels
        Values that at least one of them drew, ascending.
    patterns
        Shape (patterns, raters): the value that each rater gave. The pattern of no rater (all 0) is not among them.
    counts
        Number of voxels of each pattern.
    voxels, pattern_of
        Flat index (C order) of the voxels that anybody drew, and the pattern of each.
    """

    raters: tuple[str, ...]
    like: LabelMap
    levels: np.ndarray
    patterns: np.ndarray
    counts: np.ndarray
    voxels: np.ndarray
    pattern_of: np.ndarray

    @property
    def background(self) -> int:
        """Number of voxels that nobody drew."""
        return self.like.array.size - self.voxels.size

    def drawn(self, level: int) -> np.ndarray:
        """Boolean (patterns, raters): who drew this level."""
        drawn: np.ndarray = self.patterns == level
        return drawn

    def label_map(self, values: np.ndarray) -> LabelMap:
        """Return the map in which each pattern has become one value, shape (patterns,)."""
        array = np.zeros(self.like.array.shape, dtype=np.min_scalar_type(int(self.levels.max(initial=0))))
        array.ravel()[self.voxels] = values[self.pattern_of]
        return LabelMap(array, self.like.geometry, self.like.scheme)


def count_votes(masks: Mapping[str, LabelMap]) -> Votes:
    """Sort the voxels of several masks by what the raters gave them.

    Parameters
    ----------
    masks
        By rater; on one grid (axes may be stored in another order), in one scheme. At least two.

    Raises
    ------
    GeometryError
        The masks lie on different grids.
    LabelError
        The schemes differ, or a mask holds a value that its scheme does not know.
    UsageError
        There are fewer than two raters.
    """
    if len(masks) < 2:
        raise UsageError(f"A consensus needs two raters or more; got {len(masks)}.", "Give the masks of all raters.")
    like = next(iter(masks.values()))
    for rater, mask in masks.items():
        _require_same_meaning(rater, mask, like)
    arrays = [np.ascontiguousarray(reorient_to_grid(mask, like.geometry).array) for mask in masks.values()]
    voxels = np.flatnonzero(reduce(np.logical_or, (array != 0 for array in arrays)))
    votes = np.stack([array.ravel()[voxels] for array in arrays], axis=1).astype(np.int64)
    patterns, pattern_of = _patterns(votes)
    return Votes(
        raters=tuple(masks),
        like=like,
        levels=np.setdiff1d(patterns, [0]),
        patterns=patterns,
        counts=np.bincount(pattern_of, minlength=len(patterns)),
        voxels=voxels,
        pattern_of=pattern_of,
    )


def _require_same_meaning(rater: str, mask: LabelMap, like: LabelMap) -> None:
    if mask.scheme.name != like.scheme.name:
        raise LabelError(
            f"The mask of {rater} is in the label scheme {mask.scheme.name!r}, the first one in {like.scheme.name!r}.",
            "Convert it first (spine-gt-refine convert).",
        )
    unknown = mask.unknown_values()
    if unknown:
        raise LabelError(
            f"The mask of {rater} holds values that the scheme {mask.scheme.name!r} does not know: "
            f"{', '.join(map(str, unknown[:10]))}.",
            "Correct the mask, or name the right scheme.",
        )


def _patterns(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct rows, and the row of each voxel; raters are added one by one so that codes stay small."""
    codes = np.zeros(len(votes), dtype=np.int64)
    for column in votes.T:
        codes = codes * (int(column.max(initial=0)) + 1) + column
        codes = np.unique(codes, return_inverse=True)[1].ravel()
    first = np.unique(codes, return_index=True)[1]
    return votes[first], codes
