"""Each voxel to the nearest of some structures: how merged instances are split and endplates find their vertebra."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..imaging import Geometry


def nearest_label(seeds: np.ndarray, mask: np.ndarray, geometry: Geometry, reach_mm: float = np.inf) -> np.ndarray:
    """Give each voxel of a mask the value of the nearest seed.

    Parameters
    ----------
    seeds
        Integer array; 0 is no seed.
    mask
        Boolean array of the same shape: the voxels that want a value.
    geometry
        Any grid with the arrays' voxel size (its shape is not looked at).
    reach_mm
        Voxels further than this from every seed stay 0.

    Returns
    -------
    array
        Like ``seeds``, 0 outside the mask.
    """
    if not seeds.any() or not mask.any():
        return np.zeros_like(seeds)
    distance, index = ndimage.distance_transform_edt(seeds == 0, sampling=geometry.spacing, return_indices=True)
    return np.where(mask & (distance <= reach_mm), seeds[tuple(index)], 0).astype(seeds.dtype)


def margin_voxels(geometry: Geometry, reach_mm: float) -> tuple[int, ...]:
    """Return the number of voxels along each axis that cover ``reach_mm``."""
    return tuple(int(np.ceil(reach_mm / spacing)) for spacing in geometry.spacing)
