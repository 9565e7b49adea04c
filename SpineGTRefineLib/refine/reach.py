"""How far the transverse processes of each vertebra reach to the sides.

They are shortest at the last thoracic vertebra, and those of the first lumbar one are long again (T12 carries its ribs
without them). So the step between the two shows where the lumbar spine begins, also where the bodies look alike.
"""

from __future__ import annotations

import math

import numpy as np

from ..imaging import FOOT_HEAD, LEFT_RIGHT, Geometry, LabelMap
from .column import Column

MOST = 97.0
"""Percentile of the distances to the side that counts as the reach: single voxels further out do not."""

EDGE_MM = 3.0
"""What comes this close to the side of the image may be cut off there."""

END = 0.6
"""A vertebra nearer to the upper or lower end of the image than this (in distances between bodies) may be cut off."""


def reach_steps(column: Column, whole: np.ndarray, parts: LabelMap) -> tuple[float | None, ...]:
    """Compare the reach of neighbours.

    Parameters
    ----------
    column
        The vertebrae.
    whole
        Their numbers with their posterior elements, see :func:`.posterior.whole_vertebrae`.
    parts
        Scheme ``spine_parts``.

    Returns
    -------
    tuple
        For each member but the first: natural logarithm of its reach over that of the one above; None where one of
        the two cannot be measured. Where only the lower one is cut off at the side it is a lower bound.
    """
    grid = parts.geometry
    posterior = (parts.array == parts.scheme.value_of("vertebra_part_posterior")) & (whole > 0)
    numbers = whole[posterior]
    sides = grid.to_world(np.argwhere(posterior))[:, 0]
    steps: list[float | None] = []
    above: float | None = None
    for position, member in enumerate(column.members):
        reach, cut = None, False
        if member.label and _is_inside(column, position, grid):
            away = np.abs(sides[numbers == member.label] - member.center[0])
            reach = float(np.percentile(away, MOST)) if away.size else None
            cut = reach is not None and reach > _side_room(grid, member.center) - EDGE_MM
        if position:
            steps.append(math.log(reach / above) if reach and above else None)
        above = None if cut else reach
    return tuple(steps)


def _is_inside(column: Column, position: int, grid: Geometry) -> bool:
    """Whether a member lies far enough from both ends of the image for its processes to be in view."""
    if len(column.members) < 2:
        return False
    other = column.members[position - 1 if position else 1]
    usual = float(np.linalg.norm(column.members[position].center - other.center))
    axis = grid.axis_along(FOOT_HEAD)
    index = grid.to_index(column.members[position].center)[axis]
    return bool(min(index, grid.shape[axis] - 1 - index) * grid.spacing[axis] > END * usual)


def _side_room(grid: Geometry, center: np.ndarray) -> float:
    """Millimetres between a body and the nearer side of the image."""
    axis = grid.axis_along(LEFT_RIGHT)
    index = grid.to_index(center)[axis]
    return float(min(index, grid.shape[axis] - 1 - index) * grid.spacing[axis])
