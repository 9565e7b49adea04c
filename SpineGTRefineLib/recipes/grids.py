"""The masks of one case onto one grid, or a clear word why they cannot belong together."""

from __future__ import annotations

from itertools import product

import numpy as np

from ..errors import GeometryError
from ..imaging import GRID_TOLERANCE_MM, Geometry, LabelMap, reorient, resample_labels

SAME_PLACE_MM = 0.1
"""Tools round positions differently; grids of one size that lie closer than this are one grid."""

LEAST_OVERLAP = 0.5
"""Two fields of view of one image share at least this part of the smaller one."""


def onto_grid(labels: LabelMap, grid: Geometry, name: str) -> tuple[LabelMap, str]:
    """Bring a mask onto a grid.

    Parameters
    ----------
    labels
        The mask.
    grid
        Where it should lie.
    name
        What to call the mask in messages.

    Returns
    -------
    LabelMap
        The same voxels (turned to the grid's axes), or the nearest ones where the mask has a grid of its own.
    str
        What had to be done, "" for nothing worth saying.

    Raises
    ------
    GeometryError
        The mask has the grid's size but another place (its header was changed), or shows another part of the body.
    """
    turned = reorient(labels, grid.axcodes)
    distance = turned.geometry.distance_to(grid)
    if distance <= GRID_TOLERANCE_MM:
        return turned, ""
    if distance <= SAME_PLACE_MM:
        same = LabelMap(turned.array, grid, labels.scheme, labels.source)
        return same, f"{name}: its position differs by {distance:.3g} mm; taken as the same grid."
    if _is_shifted_twin(turned.geometry, grid):
        raise GeometryError(
            f"The {name} mask has as many voxels of the same size as the grid, but lies up to {distance:.1f} mm away.",
            "Its header was changed, or it belongs to another image. Correct the header, or run the tool again.",
        )
    overlap = _overlap(labels.geometry, grid)
    if overlap < LEAST_OVERLAP:
        raise GeometryError(
            f"The {name} mask ({labels.geometry}) and the grid ({grid}) share only {overlap:.0%} of their space.",
            "Check that they belong to the same image, and that no header was changed.",
        )
    return resample_labels(labels, grid), f"{name}: resampled (nearest) from {labels.geometry} to {grid}."


def _is_shifted_twin(first: Geometry, second: Geometry) -> bool:
    """Whether two grids differ in nothing but their place."""
    return first.shape == second.shape and np.allclose(first.affine[:3, :3], second.affine[:3, :3], atol=1e-2)


def _corners(geometry: Geometry) -> np.ndarray:
    return geometry.to_world(np.array(list(product(*((-0.5, n - 0.5) for n in geometry.shape)))))


def _overlap(first: Geometry, second: Geometry) -> float:
    """Shared part of the smaller of two boxes that enclose the grids in world space."""
    lows = [_corners(g).min(axis=0) for g in (first, second)]
    highs = [_corners(g).max(axis=0) for g in (first, second)]
    shared = np.clip(np.minimum(*highs) - np.maximum(*lows), 0, None).prod()
    return float(shared / min((high - low).prod() for low, high in zip(lows, highs, strict=True)))
