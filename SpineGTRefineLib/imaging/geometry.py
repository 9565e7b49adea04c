"""The one object that owns geometry: where each voxel lies in the scanner.

Conventions of the whole project: arrays have axes i, j, k as stored in the file; world coordinates are RAS in
millimetres (x to the Right, y to the Anterior, z to the Superior, as in nibabel); orientation letters name where an
axis goes *to*, so the identity affine is ``RAS`` (the Spinal Cord Toolbox calls the same ``LPI``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from nibabel.orientations import ornt2axcodes

from ..errors import GeometryError

GRID_TOLERANCE_MM = 1e-3
"""Two grids are the same if no corner voxel of one lies further than this from its twin, in millimetres."""

ORTHONORMAL_TOLERANCE = 1e-3
"""Largest allowed deviation of the dot product of two axis directions from 0."""

LEFT_RIGHT, BACK_FRONT, FOOT_HEAD = range(3)
"""The world axes."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """Shape and position of a voxel grid.

    Parameters
    ----------
    shape
        Number of voxels along the file's axes i, j, k.
    affine
        4 x 4 float64, from voxel index (i, j, k, 1) to RAS millimetres.

    Raises
    ------
    GeometryError
        The affine is not finite, singular or sheared, or a dimension is not positive.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise GeometryError(f"A volume has three dimensions of at least one voxel; got {shape}.")
        affine = np.array(self.affine, dtype=np.float64)
        _check_affine(affine)
        affine.setflags(write=False)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "affine", affine)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxels along i, j, k in millimetres."""
        i, j, k = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0)).tolist()
        return i, j, k

    @property
    def voxel_volume(self) -> float:
        """Volume of one voxel in cubic millimetres."""
        return float(np.prod(self.spacing))

    @property
    def axcodes(self) -> str:
        """Nearest anatomical direction of i, j, k as three letters, for example ``"PIR"``."""
        return "".join(ornt2axcodes(self.orientation))

    @property
    def orientation(self) -> np.ndarray:
        """World axis (0 to 2) and direction (1 or -1) nearest to each of i, j, k, as a 3 x 2 array (nibabel's form).

        The same rule as nibabel's: the axis that points most clearly chooses first. But a grid turned by exactly 45
        degrees gives the same answer for the same axes however they are stored, so that turning back is exact.
        """
        directions = self.affine[:3, :3] / self.spacing
        strength = np.abs(directions)
        signs = np.sign(directions[strength.argmax(axis=0), range(3)])
        clearest_first = sorted(range(3), key=lambda c: (strength[:, c].max(), *(directions[:, c] * signs[c])))
        free = [0, 1, 2]
        result = np.zeros((3, 2))
        for column in reversed(clearest_first):
            row = max(free, key=lambda r: strength[r, column])
            free.remove(row)
            result[column] = row, 1 if directions[row, column] > 0 else -1
        return result

    def axis_along(self, world: int) -> int:
        """Return the array axis (0 to 2) that runs most nearly along a world axis, such as :data:`FOOT_HEAD`."""
        return int(np.flatnonzero(self.orientation[:, 0] == world)[0])

    @property
    def is_left_handed(self) -> bool:
        """Whether i, j, k form a left-handed system (negative determinant), which ITK and VTK cannot store."""
        return bool(np.linalg.det(self.affine[:3, :3]) < 0)

    @property
    def shear(self) -> float:
        """Largest cosine between two voxel axes, 0 if all are at right angles."""
        return _largest_cosine(self.affine)

    def to_world(self, index: Sequence[float] | np.ndarray) -> np.ndarray:
        """Map voxel indices (..., 3) to RAS millimetres (..., 3)."""
        return np.asarray(np.asarray(index, dtype=float) @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_index(self, world: Sequence[float] | np.ndarray) -> np.ndarray:
        """Map RAS millimetres (..., 3) to fractional voxel indices (..., 3)."""
        centred = np.asarray(world, dtype=float) - self.affine[:3, 3]
        return np.asarray(centred @ np.linalg.inv(self.affine[:3, :3]).T)

    def distance_to(self, other: Geometry) -> float:
        """Largest distance in millimetres between equal corners of two grids; infinite if their shapes differ."""
        if self.shape != other.shape:
            return float("inf")
        corners = np.array(list(product(*((0, n - 1) for n in self.shape))))
        # A grid of one slice has no extent along that axis: compare at least one voxel step.
        corners = np.vstack([corners, np.ones((1, 3))])
        return float(np.linalg.norm(self.to_world(corners) - other.to_world(corners), axis=1).max())

    def matches(self, other: Geometry, tolerance_mm: float = GRID_TOLERANCE_MM) -> bool:
        """Whether both grids have the same shape and the same place in space."""
        return self.distance_to(other) <= tolerance_mm

    def told_from(self, other: Geometry) -> str:
        """Say what tells two grids apart, for a message: both, or how far apart they lie where both read alike."""
        if str(self) != str(other):
            return f"{self} against {other}"
        return f"both {self}, but up to {self.distance_to(other):.3g} mm apart"

    def with_shape_and_origin(self, shape: tuple[int, int, int], origin_index: Sequence[float]) -> Geometry:
        """Return the grid of another shape whose voxel (0, 0, 0) lies at ``origin_index`` of this one."""
        affine = self.affine.copy()
        affine[:3, 3] = self.to_world(origin_index)
        return Geometry(shape, affine)

    def __str__(self) -> str:
        shape = "x".join(str(n) for n in self.shape)
        spacing = " x ".join(f"{s:.4g}" for s in self.spacing)
        return f"{shape} voxels of {spacing} mm, {self.axcodes}"


def _check_affine(affine: np.ndarray) -> None:
    if affine.shape != (4, 4):
        raise GeometryError(f"An affine is a 4 x 4 matrix; got shape {affine.shape}.")
    if not np.isfinite(affine).all():
        raise GeometryError(
            "The position of the voxels (affine) holds NaN or infinite numbers.",
            "Repair the header (sform/qform) before loading the file.",
        )
    lengths = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    if lengths.min() <= 0:
        raise GeometryError(
            "The position of the voxels (affine) is singular: a voxel size is zero.",
            "Repair the header (pixdim, sform) before loading the file.",
        )
    cosine = _largest_cosine(affine)
    if cosine > ORTHONORMAL_TOLERANCE:
        raise GeometryError(
            f"The voxel axes are not at right angles (sheared affine, cosine {cosine:.4f}).",
            "Resample the image to an orthogonal grid first.",
        )


def _largest_cosine(affine: np.ndarray) -> float:
    directions = affine[:3, :3] / np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    return float(np.abs(directions.T @ directions - np.eye(3)).max())
