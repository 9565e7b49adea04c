"""Connected components of masks: the largest one, and those too small to be real.

Sizes are given in cubic millimetres or as a fraction of the structure, so that they mean the same on every grid.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

FULL_CONNECTIVITY = 3
"""Voxels that share a corner belong together (26 neighbours)."""

FACE_CONNECTIVITY = 1
"""Only voxels that share a face belong together (6 neighbours; what the Spinal Cord Toolbox uses for canals)."""


def label_components(mask: np.ndarray, connectivity: int = FULL_CONNECTIVITY) -> tuple[np.ndarray, np.ndarray]:
    """Give each connected component of a mask a number.

    Parameters
    ----------
    mask
        Boolean, any number of axes.
    connectivity
        1 (faces) to 3 (corners).

    Returns
    -------
    labels
        int32 array of the mask's shape; 0 outside, 1.. for each component.
    sizes
        Voxels of each component, ``sizes[n - 1]`` for component ``n``.
    """
    labels, _ = ndimage.label(mask, structure=ndimage.generate_binary_structure(mask.ndim, connectivity))
    return labels, np.bincount(labels.ravel())[1:]


def largest_component(mask: np.ndarray, connectivity: int = FULL_CONNECTIVITY) -> np.ndarray:
    """Return the largest connected component of a mask (the first of equals; empty stays empty)."""
    labels, sizes = label_components(mask, connectivity)
    if sizes.size < 2:
        return mask.astype(bool)
    return np.asarray(labels == int(sizes.argmax()) + 1)


def remove_small(mask: np.ndarray, minimum_voxels: float, connectivity: int = FULL_CONNECTIVITY) -> np.ndarray:
    """Return the mask without components of fewer than ``minimum_voxels`` voxels."""
    labels, sizes = label_components(mask, connectivity)
    keep = np.concatenate([[False], sizes >= minimum_voxels])
    return np.asarray(keep[labels])


def too_small(sizes: np.ndarray, voxel_volume: float, minimum_mm3: float, minimum_fraction: float) -> np.ndarray:
    """Say which components are specks: small in cubic millimetres and small beside the whole structure.

    Parameters
    ----------
    sizes
        Voxels of each component of one structure.
    voxel_volume
        Volume of a voxel in mm³.
    minimum_mm3, minimum_fraction
        A component is a speck only if it is below both; the largest component never is.
    """
    if sizes.size == 0:
        return np.zeros(0, dtype=bool)
    small = (sizes * voxel_volume < minimum_mm3) & (sizes < minimum_fraction * sizes.sum())
    small[int(sizes.argmax())] = False
    return np.asarray(small)
