"""Solids and the canvas they are painted on: exact labels at voxel centres, partial volume in the image.

A solid knows its signed distance (negative inside, roughly millimetres). One pass gives the label of a voxel (its
centre lies inside) and the share of the voxel that the solid fills, from which the image's partial volume follows.
Thick slices are painted on thin sub-slices and averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..imaging import Geometry
from .skeleton import Frame, Tube, Vector

Distance = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Signed distance in mm (negative inside) of points given by their three coordinates."""


@dataclass(frozen=True)
class Solid:
    """A body to paint.

    Parameters
    ----------
    distance
        Signed distance function in world coordinates.
    tissue
        Row of ``tissues.csv``.
    center, radius
        A ball that holds the solid (mm); None for a solid without limits.
    level
        Value written to the canvas' ``level`` array (the structure), or None to leave it.
    part
        Value written to the ``part`` array (the kind of tissue or sub-region), or None to leave it.
    rootlet
        Value written to the ``rootlet`` array (the spinal level), or None to leave it.
    behind
        Paint only where no labelled solid lies yet.
    """

    distance: Distance
    tissue: str
    center: Vector | None = None
    radius: float = 0.0
    level: int | None = None
    part: int | None = None
    rootlet: int | None = None
    behind: bool = False


class Canvas:
    """Arrays that solids are painted on, one after the other; later ones cover earlier ones.

    Parameters
    ----------
    geometry
        The grid, axes along RAS but for a rotation.
    brightness
        Signal of each tissue.
    """

    def __init__(self, geometry: Geometry, brightness: dict[str, float]) -> None:
        self.geometry = geometry
        self.brightness = brightness
        self.level = np.zeros(geometry.shape, np.uint8)
        self.part = np.zeros(geometry.shape, np.uint8)
        self.rootlet = np.zeros(geometry.shape, np.uint8)
        self.signal = np.full(geometry.shape, brightness["air"], np.float32)
        self._blur = float(min(geometry.spacing))

    def paint(self, solids: Iterable[Solid]) -> None:
        """Paint solids in their order."""
        for solid in solids:
            box = self._box(solid)
            if box is not None:
                self._paint_one(solid, box)

    def _paint_one(self, solid: Solid, box: tuple[slice, slice, slice]) -> None:
        distance = np.broadcast_to(solid.distance(*self._coordinates(box)), self.level[box].shape)
        share = np.clip(0.5 - distance / self._blur, 0.0, 1.0).astype(np.float32)
        inside = distance < 0
        if solid.behind:
            free = self.part[box] == 0
            inside = inside & free
            share *= free
        signal = self.signal[box]
        signal += share * (np.float32(self.brightness[solid.tissue]) - signal)
        for name in ("level", "part", "rootlet"):
            value = getattr(solid, name)
            if value is not None:
                getattr(self, name)[box][inside] = value

    def _box(self, solid: Solid) -> tuple[slice, slice, slice] | None:
        """Voxels that may be touched by the solid's ball."""
        if solid.center is None:
            return tuple(slice(0, n) for n in self.geometry.shape)  # type: ignore[return-value]
        middle = self.geometry.to_index(solid.center)
        reach = solid.radius / np.array(self.geometry.spacing) + 1.5
        low = np.maximum(np.floor(middle - reach), 0).astype(int)
        high = np.minimum(np.ceil(middle + reach) + 1, self.geometry.shape).astype(int)
        if (low >= high).any():
            return None
        i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        return i, j, k

    def _coordinates(self, box: tuple[slice, slice, slice]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """World x, y, z of the box's voxel centres, as arrays that broadcast (small ones where axes are aligned)."""
        matrix, steps = self.geometry.affine, []
        for axis, part in enumerate(box):
            shape = [1, 1, 1]
            shape[axis] = -1
            steps.append(np.arange(part.start, part.stop, dtype=float).reshape(shape))
        x, y, z = (_weighted_sum(matrix[row, :3], steps) + matrix[row, 3] for row in range(3))
        return x, y, z


def _weighted_sum(weights: np.ndarray, steps: list[np.ndarray]) -> np.ndarray:
    """Sum without BLAS, so that it is the same on every machine; terms of weight 0 are left out to stay small."""
    total = np.zeros((1, 1, 1))
    for weight, step in zip(weights.tolist(), steps, strict=True):
        if weight != 0.0:
            total = total + weight * step
    return total


def local(frame: Frame, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates along a frame's right, anterior and superior axes."""
    (cx, cy, cz) = frame.center
    dx, dy, dz = x - cx, y - cy, z - cz
    right, anterior, superior = (
        _weighted_sum(np.array(axis), [dx, dy, dz]) for axis in (frame.right, frame.anterior, frame.superior)
    )
    return right, anterior, superior


def ellipsoid(frame: Frame, center: Vector, radii: Vector) -> tuple[Distance, Vector, float]:
    """Ellipsoid with its axes along the frame; ``center`` is given in the frame."""

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        r, a, s = local(frame, x, y, z)
        q = ((r - center[0]) / radii[0]) ** 2 + ((a - center[1]) / radii[1]) ** 2 + ((s - center[2]) / radii[2]) ** 2
        return np.asarray((np.sqrt(q) - 1.0) * min(radii))

    return distance, frame.at(*center), max(radii)


def capsule(start: Vector, end: Vector, radius: float) -> tuple[Distance, Vector, float]:
    """Rod with round ends between two world points."""
    sx, sy, sz = start
    vx, vy, vz = (e - s for s, e in zip(start, end, strict=True))
    length2 = max(vx * vx + vy * vy + vz * vz, 1e-12)

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        dx, dy, dz = x - sx, y - sy, z - sz
        along = np.clip((dx * vx + dy * vy + dz * vz) / length2, 0.0, 1.0)
        return np.asarray(np.sqrt((dx - along * vx) ** 2 + (dy - along * vy) ** 2 + (dz - along * vz) ** 2) - radius)

    return distance, (sx + vx / 2, sy + vy / 2, sz + vz / 2), 0.5 * length2**0.5 + radius


def tube(curve: Tube, *, shift: tuple[float, float] = (0.0, 0.0), grow: float = 0.0, scale: float = 1.0) -> Distance:
    """Tube along the spine, moved by (x, y) millimetres, its half-axes scaled and then grown (mm)."""

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        width = curve.sample("half_width", z) * scale + grow
        depth = curve.sample("half_depth", z) * scale + grow
        beyond = np.maximum(z - curve.z[0], curve.z[-1] - z)
        closed = np.minimum(width, depth) <= 0.3
        width, depth = np.maximum(width, 0.3), np.maximum(depth, 0.3)
        u = (x - curve.sample("x", z) - shift[0]) / width
        v = (y - curve.sample("y", z) - shift[1]) / depth
        flat = (np.sqrt(u * u + v * v) - 1.0) * np.minimum(width, depth)
        return np.asarray(np.where(closed, np.maximum(flat, 1.0), np.maximum(flat, beyond)))

    return distance
