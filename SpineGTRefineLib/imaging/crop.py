"""Cut a box out of a volume and put labels back where they came from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import GeometryError, UsageError
from .geometry import GRID_TOLERANCE_MM, Geometry
from .orientation import Volume
from .volumes import LabelMap

Index = tuple[int, int, int]


@dataclass(frozen=True)
class Box:
    """A block of voxels, half open: ``start`` is inside, ``stop`` is the first index outside.

    Parameters
    ----------
    start, stop
        Voxel indices along i, j, k.
    """

    start: Index
    stop: Index

    def __post_init__(self) -> None:
        if any(not 0 <= a < b for a, b in zip(self.start, self.stop, strict=True)):
            raise UsageError(f"A box needs 0 <= start < stop along each axis; got {self.start} to {self.stop}.")

    @property
    def shape(self) -> Index:
        """Number of voxels along i, j, k."""
        i, j, k = (b - a for a, b in zip(self.start, self.stop, strict=True))
        return i, j, k

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The box as an index into an array."""
        i, j, k = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return i, j, k

    @classmethod
    def around(cls, mask: np.ndarray, margin: int = 0) -> Box | None:
        """Return the smallest box that holds all non-zero voxels of ``mask``, or None if there are none.

        Parameters
        ----------
        mask
            Three axes.
        margin
            Number of voxels added on each side, as far as the array goes.
        """
        spans = []
        for axis in range(3):
            hits = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
            if hits.size == 0:
                return None
            spans.append((max(int(hits[0]) - margin, 0), min(int(hits[-1]) + 1 + margin, mask.shape[axis])))
        (i0, i1), (j0, j1), (k0, k1) = spans
        return cls((i0, j0, k0), (i1, j1, k1))


def crop(volume: Volume, box: Box) -> Volume:
    """Return the part of a volume inside ``box``, as a view, with its place in space.

    Raises
    ------
    GeometryError
        The box reaches beyond the volume.
    """
    if any(stop > n for stop, n in zip(box.stop, volume.geometry.shape, strict=True)):
        raise GeometryError(f"The box {box.start} to {box.stop} reaches beyond the volume {volume.geometry.shape}.")
    geometry = volume.geometry.with_shape_and_origin(box.shape, box.start)
    return replace(volume, array=volume.array[box.slices], geometry=geometry)


def restore(labels: LabelMap, geometry: Geometry) -> LabelMap:
    """Put cropped labels back into the grid they were cut from; background elsewhere.

    Raises
    ------
    GeometryError
        The labels do not lie on voxels of ``geometry``, or reach beyond it (nothing is cut off silently).
    """
    start = np.rint(geometry.to_index(labels.geometry.affine[:3, 3])).astype(int)
    stop = start + labels.geometry.shape
    if (start < 0).any() or (stop > geometry.shape).any():
        raise GeometryError(f"The labels ({labels.geometry}) reach beyond the grid {geometry}.")
    expected = geometry.with_shape_and_origin(labels.geometry.shape, start)
    if not labels.geometry.matches(expected):
        raise GeometryError(
            f"The labels ({labels.geometry}) do not lie on the voxels of the grid {geometry} "
            f"(off by {labels.geometry.distance_to(expected):.3g} mm, allowed {GRID_TOLERANCE_MM} mm).",
            "Reorient or resample them first.",
        )
    array = np.zeros(geometry.shape, dtype=labels.array.dtype)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    array[i, j, k] = labels.array
    return LabelMap(array, geometry, labels.scheme, labels.source)
