"""How much surface runs through a cell of 2 x 2 x 2 voxels, for each of the 256 ways in which a mask can fill it.

The surface passes through the middle of every edge between a voxel inside and one outside, as in marching cubes. On
each face of the cell these crossings are joined by lines, the lines close to loops, and a loop is spanned by the
smallest set of triangles. No table of cases is needed, and mirrored masks have equal areas.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

Corner = tuple[int, int, int]
Point = tuple[float, float, float]

CORNERS: tuple[Corner, ...] = tuple(product((0, 1), repeat=3))  # type: ignore[arg-type]
"""Corners of a cell; bit n of a code says whether corner n is inside: 4 di + 2 dj + dk is n."""

FULL_CELL = 255
"""Code of a cell whose corners are all inside."""

_RING = ((0, 0), (1, 0), (1, 1), (0, 1))


@cache
def cell_areas(spacing: tuple[float, float, float]) -> np.ndarray:
    """Return the area of the surface in each of the 256 cells.

    Parameters
    ----------
    spacing
        Distance of voxels along i, j, k in millimetres.

    Returns
    -------
    numpy.ndarray
        Square millimetres by code, shape (256,), read-only; 0 for the empty and the full cell.
    """
    scale = np.asarray(spacing, dtype=float)
    areas = np.array([sum(_smallest_area(np.array(loop) * scale) for loop in _loops(code)) for code in range(256)])
    areas.setflags(write=False)
    return areas


@cache
def _loops(code: int) -> tuple[tuple[Point, ...], ...]:
    """Close the lines on the six faces of a cell to loops of points, in voxels."""
    neighbors: dict[Point, list[Point]] = {}
    for axis, side in product(range(3), (0, 1)):
        for first, second in _lines_on_face(code, axis, side):
            neighbors.setdefault(first, []).append(second)
            neighbors.setdefault(second, []).append(first)
    loops = []
    left = set(neighbors)
    while left:
        loop = [min(left)]
        left.discard(loop[0])
        while following := [point for point in neighbors[loop[-1]] if point in left]:
            loop.append(following[0])
            left.discard(following[0])
        loops.append(tuple(loop))
    return tuple(loops)


def _lines_on_face(code: int, axis: int, side: int) -> list[tuple[Point, Point]]:
    ring = [_corner_on_face(axis, side, u, v) for u, v in _RING]
    inside = [bool(code >> CORNERS.index(corner) & 1) for corner in ring]
    crossings = [n for n in range(4) if inside[n] != inside[(n + 1) % 4]]
    points = [_middle(ring[n], ring[(n + 1) % 4]) for n in crossings]
    if len(points) < 4:
        return [(points[0], points[1])] if points else []
    # Two corners inside lie across from each other: they only touch, so each is cut off by itself.
    start = 0 if inside[1] else 1
    return [(points[start], points[start + 1]), (points[start + 2], points[(start + 3) % 4])]


def _corner_on_face(axis: int, side: int, u: int, v: int) -> Corner:
    corner = [u, v]
    corner.insert(axis, side)
    return corner[0], corner[1], corner[2]


def _middle(first: Corner, second: Corner) -> Point:
    i, j, k = ((a + b) / 2 for a, b in zip(first, second, strict=True))
    return i, j, k


def _smallest_area(loop: np.ndarray) -> float:
    """Area of the smallest triangulation of a closed loop of points, shape (n, 3)."""

    @cache
    def best(first: int, last: int) -> float:
        splits = range(first + 1, last)
        return min(
            (best(first, n) + best(n, last) + _triangle(loop[first], loop[n], loop[last]) for n in splits), default=0.0
        )

    return best(0, len(loop) - 1)


def _triangle(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float(np.linalg.norm(np.cross(b - a, c - a)) / 2)
