"""Linear interpolation from the model's grid to the image's, as nnU-Net does it, in slabs that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Axis:
    """How the voxels along one axis of the target are mixed from the source.

    Parameters
    ----------
    lower, upper
        Indices of the two source voxels around each target voxel; equal where nothing is mixed.
    weight
        Part of the upper one.
    """

    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray

    @classmethod
    def linear(cls, source: int, target: int) -> Axis:
        """Interpolate between voxel centers; beyond the outermost centers the border is repeated."""
        place = np.clip((np.arange(target) + 0.5) * (source / target) - 0.5, 0, source - 1)
        lower = np.floor(place).astype(np.int32)
        return cls(lower, np.minimum(lower + 1, source - 1), place - lower)

    @classmethod
    def nearest(cls, source: int, target: int) -> Axis:
        """Take the nearest voxel center, of two equally near ones the upper."""
        place = (source / target) * (np.arange(target) + 0.5) - 0.5
        index = np.clip(np.floor(place + 0.5), 0, source - 1).astype(np.int32)
        return cls(index, index, np.zeros(target))

    @property
    def mixes(self) -> bool:
        """Whether any voxel is a mixture."""
        return bool(self.weight.any())

    def sources_of(self, wanted: np.ndarray, size: int) -> np.ndarray:
        """Return which of ``size`` source voxels along the first axis are mixed into wanted ones; boolean arrays."""
        sources = np.zeros((size, *wanted.shape[1:]), dtype=bool)
        for index in (self.lower, self.upper):
            present, first = np.unique(index, return_index=True)
            sources[present] |= np.logical_or.reduceat(wanted, first, axis=0)
        return sources

    def part(self, start: int, stop: int) -> Axis:
        """Return the same for some of the target's voxels."""
        return Axis(self.lower[start:stop], self.upper[start:stop], self.weight[start:stop])


def resampling_axes(source: Sequence[int], target: Sequence[int], separate: int | None) -> tuple[Axis, ...]:
    """Return how each axis is mixed; along ``separate``, thick slices are taken as they are."""
    return tuple(
        (Axis.nearest if number == separate else Axis.linear)(before, after)
        for number, (before, after) in enumerate(zip(source, target, strict=True))
    )


@dataclass(frozen=True, eq=False)
class Slab:
    """Some planes of the target, along its first axis.

    Parameters
    ----------
    target, source
        Planes of the target, and those of the source that they are mixed from.
    axes
        From that part of the source to that part of the target.
    """

    target: slice
    source: slice
    axes: tuple[Axis, ...]


def slabs(axes: Sequence[Axis], voxels: int) -> Iterator[Slab]:
    """Cut the target into slabs of about ``voxels`` voxels, of one plane at least."""
    planes = max(1, voxels // max(1, len(axes[1].lower) * len(axes[2].lower)))
    for start in range(0, len(axes[0].lower), planes):
        part = axes[0].part(start, start + planes)
        first, last = int(part.lower[0]), int(part.upper[-1]) + 1
        moved = Axis(part.lower - first, part.upper - first, part.weight)
        yield Slab(slice(start, start + planes), slice(first, last), (moved, *axes[1:]))


def interpolate(source: np.ndarray, axes: Sequence[Axis]) -> np.ndarray:
    """Interpolate everywhere.

    Parameters
    ----------
    source
        Array (..., x, y, z). Not changed.
    axes
        From the grid of ``source`` to another.

    Returns
    -------
    numpy.ndarray
        float32 array (..., x, y, z) on the other grid.
    """
    values = source.astype(np.float32)
    # The last axis first: gathering along it is slow, and before the others have grown there is least to gather.
    for number in (-1, -2, -3):
        axis = axes[number]
        lower = np.take(values, axis.lower, axis=number)
        if axis.mixes:
            weight = axis.weight.astype(np.float32).reshape(-1, *[1] * (-1 - number))
            # In place, lower + weight * (upper - lower).
            upper = np.take(values, axis.upper, axis=number)
            upper -= lower
            upper *= weight
            lower += upper
        values = lower
    return values
