"""Straighten the cord by shifting the slices across it, and put a mask of the straightened volume back exactly.

A window of fixed size follows the cord through the working grid of :mod:`.cord_crop`, slice by slice, in whole voxels:
no voxel is interpolated on this step, so the way back is exact. Slices are shifted, not turned; in space only one of
them is where its affine says, so the offsets are needed to undo it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import GeometryError
from ..imaging import FOOT_HEAD, Geometry, LabelMap
from ..imaging.crop import Index
from ..imaging.orientation import Volume


@dataclass(frozen=True, eq=False)
class CordWindow:
    """A window across the cord that moves along with it.

    Parameters
    ----------
    grid
        The working grid that it moves in; its axes are the window's.
    shape
        Of the straightened volume, in voxels along the grid's axes; along the cord it is that of the grid.
    offsets
        For each slice across the cord, in the order of the grid: what is added to a voxel index of the straightened
        volume to get that of the grid. Along the cord it is 0. A window may reach beyond the grid.
    """

    grid: Geometry
    shape: Index
    offsets: tuple[Index, ...]

    @classmethod
    def following(cls, course: np.ndarray, grid: Geometry, across_mm: float) -> CordWindow:
        """Return the window in whose middle the cord runs, as SCT's ``deepseg_sc`` lays it.

        Parameters
        ----------
        course
            (points, 3), RAS mm, at least one point of the cord's course, in any order. Slices between two points take
            the straight line between them, those beyond the ends the offset of the nearest point.
        grid
            The working grid.
        across_mm
            From the course to each side of the window. The window has an even number of voxels; the course runs between
            the centers of the two in its middle.
        """
        along = grid.axis_along(FOOT_HEAD)
        half = np.maximum(np.rint(across_mm / np.array(grid.spacing)), 1).astype(int)
        index = grid.to_index(course)
        index = index[np.argsort(index[:, along])]
        slices = np.arange(grid.shape[along])
        middle = np.stack([np.interp(slices, index[:, along], index[:, axis]) for axis in range(3)], axis=1)
        # From 31 up to 32 of 64 voxels is the middle; a course on voxel centers must not be torn by rounding errors.
        start = np.floor(middle + 1e-6).astype(int) - (half - 1)
        start[:, along] = 0
        shape = 2 * half
        shape[along] = grid.shape[along]
        return cls(grid, _index(shape), tuple(_index(offset) for offset in start))

    @property
    def geometry(self) -> Geometry:
        """The grid of the straightened volume; true in space for its middle slice only."""
        return self.grid.with_shape_and_origin(self.shape, self.offsets[len(self.offsets) // 2])

    def straighten(self, volume: Volume) -> Volume:
        """Return the straightened volume.

        Where the window leaves the grid, an image goes on with its outermost voxels, so that no rim of zeros can be
        learned, and a mask is background.

        Raises
        ------
        GeometryError
            The volume does not lie on the working grid.
        """
        _require(volume.geometry, self.grid)
        places, inside = self._places()
        nearest = (np.clip(place, 0, size - 1) for place, size in zip(places, self.grid.shape, strict=True))
        array = volume.array[tuple(nearest)]
        if isinstance(volume, LabelMap):
            array = np.where(inside, array, array.dtype.type(0))
        return replace(volume, array=array, geometry=self.geometry, source=None)

    def restore(self, labels: LabelMap) -> LabelMap:
        """Put a mask of the straightened volume back onto the working grid, voxel by voxel; background elsewhere.

        Raises
        ------
        GeometryError
            The mask does not lie on the grid of the straightened volume.
        """
        _require(labels.geometry, self.geometry)
        places, inside = self._places()
        array = np.zeros(self.grid.shape, labels.array.dtype)
        array[tuple(place[inside] for place in np.broadcast_arrays(*places))] = labels.array[inside]
        return replace(labels, array=array, geometry=self.grid, source=None)

    def voxels_outside(self, labels: LabelMap) -> int:
        """Count the labeled voxels of a mask on the working grid that the window does not hold."""
        return int(np.count_nonzero(labels.array) - np.count_nonzero(self.straighten(labels).array))

    def _places(self) -> tuple[list[np.ndarray], np.ndarray]:
        """Return where each voxel of the window lies in the grid (an index per axis, to be broadcast), and whether."""
        along = self.grid.axis_along(FOOT_HEAD)
        by_slice = [-1 if axis == along else 1 for axis in range(3)]
        own = np.ogrid[tuple(slice(size) for size in self.shape)]
        offsets = np.array(self.offsets).T
        places = [index + offset.reshape(by_slice) for index, offset in zip(own, offsets, strict=True)]
        within = [(place >= 0) & (place < size) for place, size in zip(places, self.grid.shape, strict=True)]
        return places, np.asarray(within[0] & within[1] & within[2])


def _index(numbers: np.ndarray) -> Index:
    i, j, k = numbers.tolist()
    return i, j, k


def _require(found: Geometry, wanted: Geometry) -> None:
    if not found.matches(wanted):
        raise GeometryError(
            f"The volume does not lie on the grid of this window: {found.told_from(wanted)}.",
            "Cut it to the working grid first, or straighten it with the same window.",
        )
