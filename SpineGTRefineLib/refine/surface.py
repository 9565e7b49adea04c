"""Steps that move the surface of structures: grow, shrink, smooth. No structure ever takes a voxel of another."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from scipy import ndimage

from ..errors import UsageError
from ..imaging import LabelMap
from . import growth
from .inputs import require_positive, values_of

SMOOTHED_REACH = 2.0
"""A smoothed surface moves outward by less than this many standard deviations."""


def expand(labels: LabelMap, reach_mm: float, *, only: Collection[str] | None = None) -> LabelMap:
    """Grow structures into the background by a distance in millimetres.

    Parameters
    ----------
    labels
        The map; not changed.
    reach_mm
        Distance between voxel centres. A voxel within reach of several structures goes to the nearest, at exactly
        equal distance to the one with the lowest label.
    only
        Keys of the structures that grow; None for all. The others keep every voxel.

    Raises
    ------
    UsageError
        The distance is less than a voxel, so nothing could change.
    """
    _require_voxel(labels, reach_mm)
    array = growth.expand(labels.array, labels.geometry.spacing, reach_mm, values_of(labels.scheme, only))
    return labels.with_array(array)


def shrink(labels: LabelMap, reach_mm: float, *, only: Collection[str] | None = None) -> LabelMap:
    """Peel structures by a distance in millimetres, also where two of them touch.

    A voxel whose distance to a voxel that is not its structure's is at most ``reach_mm`` becomes background. Where the
    image ends nothing is peeled. ``only`` names the structures that shrink; None for all.
    """
    _require_voxel(labels, reach_mm)
    array = growth.shrink(labels.array, labels.geometry.spacing, reach_mm, values_of(labels.scheme, only))
    return labels.with_array(array)


def smooth(labels: LabelMap, sigma_mm: float, *, only: Collection[str] | None = None) -> LabelMap:
    """Smooth the surface that structures show to the background; borders between structures do not move.

    Parameters
    ----------
    labels
        The map; not changed.
    sigma_mm
        Standard deviation of the Gaussian in millimetres. Parts thinner than about twice this value disappear.
    only
        Keys of the structures to smooth; None for all. The others keep every voxel, and gain none.

    Returns
    -------
    LabelMap
        A structure that would disappear altogether stays as it was.
    """
    require_positive(sigma_mm, "standard deviation in mm")
    array, geometry = labels.array, labels.geometry
    # All structures count as one body: a neighbour holds the surface where both meet, instead of eating into it.
    body = ndimage.gaussian_filter(
        (array != 0).astype(np.float32), sigma_mm / np.array(geometry.spacing), mode="nearest"
    )
    values = values_of(labels.scheme, only)
    nearest = growth.expand(array, geometry.spacing, SMOOTHED_REACH * sigma_mm)
    result = np.where(body > 0.5, nearest, 0).astype(array.dtype)
    if values is not None:
        result = np.where(np.isin(np.where(array != 0, array, nearest), values), result, array)
    vanished = np.setdiff1d(np.unique(array), np.unique(result))
    return labels.with_array(np.where(np.isin(array, vanished), array, result))


def _require_voxel(labels: LabelMap, reach_mm: float) -> None:
    require_positive(reach_mm, "distance in mm")
    smallest = min(labels.geometry.spacing)
    if reach_mm < smallest * (1 - 1e-6):
        raise UsageError(
            f"Nothing changes within {reach_mm:g} mm: the voxels of this mask are {smallest:.3g} mm apart.",
            f"Give at least {smallest:.3g} mm.",
        )
