"""The exact outline of voxels as a vector path: sharp at any size, a few kilobytes for a whole spine."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

Corner = tuple[int, int]


def outline_path(mask: np.ndarray) -> str:
    """Return the border of a two-dimensional mask as the data of an SVG path.

    Parameters
    ----------
    mask
        Boolean array (rows, columns).

    Returns
    -------
    str
        Closed rings along the edges of pixels, x to the right in columns, y down in rows, for example
        ``"M1 1H3V2H1Z"``; empty for an empty mask. Holes turn the other way round, so both fill rules leave them open.
    """
    return "".join(_ring_data(ring) for ring in _rings(_edges(np.asarray(mask, dtype=bool))))


def _edges(mask: np.ndarray) -> dict[Corner, list[Corner]]:
    """Directed border edges of pixels, the pixel on the right-hand side, by the corner (x, y) where they start."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    # (neighbour, start and end of the edge relative to the pixel's corner with the smallest x and y)
    sides = (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    )
    edges: dict[Corner, list[Corner]] = defaultdict(list)
    for neighbour, (x0, y0), (x1, y1) in sides:
        for row, column in np.argwhere(inside & ~neighbour).tolist():
            edges[column + x0, row + y0].append((column + x1, row + y1))
    return edges


def _rings(edges: dict[Corner, list[Corner]]) -> list[list[Corner]]:
    rings = []
    while edges:
        start = next(iter(edges))
        ring, corner = [start], _follow(edges, start)
        while corner != start:
            ring.append(corner)
            corner = _follow(edges, corner)
        rings.append(ring)
    return rings


def _follow(edges: dict[Corner, list[Corner]], corner: Corner) -> Corner:
    following = edges[corner].pop()
    if not edges[corner]:
        del edges[corner]
    return following


def _ring_data(ring: list[Corner]) -> str:
    """Write one ring; corners on a straight line are left out."""
    turns = [
        corner
        for before, corner, after in zip(ring[-1:] + ring[:-1], ring, ring[1:] + ring[:1], strict=True)
        if not (before[0] == corner[0] == after[0] or before[1] == corner[1] == after[1])
    ]
    x, y = turns[0]
    data = [f"M{x} {y}"]
    for next_x, next_y in turns[1:]:
        data.append(f"V{next_y}" if next_x == x else f"H{next_x}")
        x, y = next_x, next_y
    return "".join(data) + "Z"
