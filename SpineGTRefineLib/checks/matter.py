"""Rules on grey and white matter: the grey lies inside the white."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from .problem import Problem
from .survey import Survey, run_bounds

OUTSIDE_SHARE = 0.03
"""Share of a slice's grey matter that may lie outside the white matter's outline (the horns reach close to it)."""


def grey_inside_white(survey: Survey) -> Iterator[Problem]:
    """Find slices across the cord whose grey matter leaves the outline of the white matter."""
    grey, white = (survey.of_kind(kind) for kind in ("gm", "wm"))
    if not grey:
        return
    axis = survey.axis_of["S"]
    grey_mask = np.moveaxis(survey.labels.array == grey[0].value, axis, 0)
    white_mask = np.moveaxis(survey.labels.mask([r.value for r in white]), axis, 0)
    outside = np.zeros(grey_mask.shape, bool)
    for index in np.flatnonzero(grey_mask.any(axis=(1, 2))):
        found = _outside(grey_mask[index], white_mask[index])
        if np.count_nonzero(found) > OUTSIDE_SHARE * np.count_nonzero(grey_mask[index]):
            outside[index] = found
    for first, last in run_bounds(np.asarray(outside.any(axis=(1, 2)))):
        part = np.zeros(outside.shape, bool)
        part[first : last + 1] = outside[first : last + 1]
        places = f"slice {first}" if first == last else f"slices {first} to {last}"
        yield survey.problem(
            "grey_inside_white",
            "error",
            grey[0],
            f"Grey matter lies outside the white matter on {places} across the cord.",
            "Erase the stray grey matter, or complete the white matter around it.",
            index=survey.shown(np.moveaxis(part, 0, axis)),
            axial=True,
        )


def _outside(grey: np.ndarray, white: np.ndarray) -> np.ndarray:
    """Grey voxels outside the convex outline of the white ones."""
    points = np.argwhere(white)
    try:
        lines = ConvexHull(points).equations
    except (QhullError, ValueError):  # fewer than three voxels, or all in one row
        return grey
    result = np.zeros_like(grey)
    places = np.argwhere(grey)
    beyond = (places @ lines[:, :2].T + lines[:, 2]).max(axis=1) > 1e-9
    result[tuple(places[beyond].T)] = True
    return result
