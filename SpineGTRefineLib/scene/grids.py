"""Grids of files and grids of the scene.

Slicer and VTK work with right-handed grids; NIfTI files are often left-handed (LAS, RPI). Such a file gets a
right-handed twin in the scene, with the last axis turned round. Between two grids of the same voxels there is always a
signed permutation of the axes plus a whole-voxel shift; it is computed from the affines, never assumed, and is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ..errors import GeometryError
from ..imaging import Geometry

GRID_TOLERANCE_VOXELS = 0.01
"""Two grids are made of the same voxels if no voxel centre of one is further than this from one of the other."""


@dataclass(frozen=True)
class GridMap:
    """The way from voxel indices of one grid to those of another grid of the same voxels.

    Parameters
    ----------
    axes
        For each axis of the target, which axis of the source it is.
    signs
        For each axis of the target, +1 if both run the same way, -1 if they run against each other.
    offset
        Target index of the source's voxel (0, 0, 0).
    """

    axes: tuple[int, int, int]
    signs: tuple[int, int, int]
    offset: tuple[int, int, int]

    @classmethod
    def between(cls, source: Geometry, target: np.ndarray) -> GridMap:
        """Find the map from the grid ``source`` to the grid with the 4 x 4 affine ``target``.

        Raises
        ------
        GeometryError
            The voxels of the two grids do not coincide: other spacing, turned, or shifted by part of a voxel.
        """
        matrix = np.linalg.inv(target) @ source.affine
        whole = np.rint(matrix)
        corners = np.array([(*c, 1) for c in product(*((0, n - 1) for n in source.shape))], dtype=float)
        deviation = float(np.abs(corners @ (matrix - whole).T).max())
        unsigned = np.abs(whole[:3, :3])
        if deviation > GRID_TOLERANCE_VOXELS or (unsigned.sum(0) != 1).any() or (unsigned.sum(1) != 1).any():
            raise GeometryError(
                f"Two grids that must be made of the same voxels are not ({source}; off by {deviation:.3g} voxels).",
                "Resample the mask to the grid of the image first.",
            )
        axes = unsigned.argmax(axis=1)
        signs = whole[:3, :3].sum(axis=1)
        return cls(_triple(axes), _triple(signs), _triple(whole[:3, 3]))

    def apply(self, array: np.ndarray) -> tuple[np.ndarray, tuple[int, int, int]]:
        """Return a view of a source array in the target's axes, and the target index of its first voxel."""
        view = array.transpose(self.axes)[tuple(slice(None, None, sign) for sign in self.signs)]
        start = (o if sign > 0 else o - (n - 1) for o, sign, n in zip(self.offset, self.signs, view.shape, strict=True))
        return view, _triple(start)


def right_handed(geometry: Geometry) -> Geometry:
    """Return the grid itself, or its twin with the last axis turned round if it is left-handed."""
    if not geometry.is_left_handed:
        return geometry
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.to_world((0, 0, geometry.shape[2] - 1))
    affine[:3, 2] *= -1
    return Geometry(geometry.shape, affine)


def matrix_of(affine: np.ndarray) -> vtk.vtkMatrix4x4:
    """Return a 4 x 4 affine as a VTK matrix."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(affine.ravel().tolist())
    return matrix


def affine_of(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    """Return a VTK matrix as a 4 x 4 float64 array."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def fill_image(image: vtk.vtkImageData, array: np.ndarray) -> None:
    """Give a VTK image the voxels of an array with axes i, j, k (copied; VTK keeps i fastest)."""
    image.SetDimensions(array.shape)
    image.GetPointData().SetScalars(numpy_to_vtk(array.ravel(order="F"), deep=True))


def array_of(image: vtk.vtkImageData) -> np.ndarray:
    """Return the voxels of a VTK image as a view with axes i, j, k."""
    array: np.ndarray = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions(), order="F")
    return array


def _triple(numbers: object) -> tuple[int, int, int]:
    i, j, k = (int(n) for n in numbers)  # type: ignore[attr-defined]
    return i, j, k
