"""Connected components of masks and label maps: the largest one, and those too small to be real.

Sizes are given in cubic millimetres or as a fraction of the structure, so that they mean the same on every grid.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .runs import find_pieces, paint

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


def largest_component(labels: np.ndarray, connectivity: int = FULL_CONNECTIVITY) -> np.ndarray:
    """Keep the largest connected piece of every label.

    Parameters
    ----------
    labels
        Integers or bool, three axes; 0 is background. All labels are looked at in one pass.
    connectivity
        1 (faces) to 3 (corners).

    Returns
    -------
    array
        A new array of the same type. Of pieces of equal size the one that comes first in the array is kept.
    """
    pieces = find_pieces(labels, connectivity)
    return paint(labels, pieces.runs, np.flatnonzero(~pieces.largest()[pieces.of_run]), 0)


def remove_small(
    labels: np.ndarray, minimum_voxels: float, connectivity: int = FULL_CONNECTIVITY, *, keep_largest: bool = False
) -> np.ndarray:
    """Remove the connected pieces of fewer than ``minimum_voxels`` voxels, of every label.

    Parameters
    ----------
    labels, connectivity
        As for :func:`largest_component`.
    minimum_voxels
        A piece this large stays.
    keep_largest
        Whether the largest piece of a label stays however small it is, so that no structure disappears.
    """
    pieces = find_pieces(labels, connectivity)
    kept = pieces.voxels >= minimum_voxels
    if keep_largest:
        kept |= pieces.largest()
    return paint(labels, pieces.runs, np.flatnonzero(~kept[pieces.of_run]), 0)


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
