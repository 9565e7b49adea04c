"""Fills the slices between those in which a structure is drawn, by interpolating its shape.

Each drawn slice becomes a map of signed distances to the outline; between two of them the maps are blended, and what is
inside the blend is inside the structure (Raya and Udupa, IEEE Trans Med Imaging 1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import ndimage

from ..errors import LabelError
from ..imaging import LabelMap


def fill_between_slices(labels: LabelMap, value: int) -> LabelMap:
    """Return the mask with the gaps of a structure filled; only background voxels are taken.

    Parameters
    ----------
    labels
        The mask; not changed.
    value
        Label of the structure.

    Raises
    ------
    LabelError
        The structure has no empty slices between its first and its last one, along any axis.
    """
    mask = labels.array == value
    axis = max(range(3), key=lambda each: len(_empty_between(mask, each)))
    if not _empty_between(mask, axis):
        raise LabelError(
            "There is nothing to fill: the structure has no empty slices between its first and its last one.",
            "Draw it on some slices, leave slices between them empty, and fill again.",
        )
    filled = np.moveaxis(mask.copy(), axis, 0)
    spacing = [mm for each, mm in enumerate(labels.geometry.spacing) if each != axis]
    drawn = np.flatnonzero(filled.any(axis=(1, 2)))
    for first, last in pairwise(drawn.tolist()):
        if last - first > 1:
            filled[first + 1 : last] = _blend(filled[first], filled[last], last - first, spacing)
    array = labels.array.copy()
    array[np.moveaxis(filled, 0, axis) & (array == 0)] = value
    return labels.with_array(array)


def _empty_between(mask: np.ndarray, axis: int) -> list[int]:
    drawn = np.flatnonzero(mask.any(axis=tuple(each for each in range(3) if each != axis)))
    return sorted(set(range(drawn[0], drawn[-1] + 1)) - set(drawn.tolist())) if len(drawn) else []


def _blend(first: np.ndarray, last: np.ndarray, steps: int, spacing: Sequence[float]) -> np.ndarray:
    """Return the ``steps - 1`` slices between two; boolean, slices first."""
    start, end = _signed_distance(first, spacing), _signed_distance(last, spacing)
    weights = (np.arange(1, steps) / steps)[:, None, None]
    inside: np.ndarray = (1 - weights) * start + weights * end > 0
    return inside


def _signed_distance(mask: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Return the distance to the outline in mm, positive inside."""
    inside: np.ndarray = ndimage.distance_transform_edt(mask, sampling=spacing)
    outside: np.ndarray = ndimage.distance_transform_edt(~mask, sampling=spacing)
    distance: np.ndarray = inside - outside
    return distance
