"""How alike two images look, whatever their contrasts: normalized mutual information (Studholme et al., 1999)."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .resample import resample_image
from .volumes import Image

HISTOGRAM_BINS = 32
"""Gray values of each image are told apart this finely."""


def similarity_of(fixed: Image, moving: Image, placement: np.ndarray) -> float:
    """Return the normalized mutual information where both images are.

    Parameters
    ----------
    fixed, moving
        The images.
    placement
        4 x 4, from RAS millimetres of the fixed image to RAS millimetres of the moving one.

    Raises
    ------
    InputError
        The images share no space, or too little to compare.
    """
    shared = shared_voxels(fixed, moving, placement)
    values = resample_image(moving, fixed.geometry, placement).array[shared]
    joint, _, _ = np.histogram2d(fixed.array[shared], values, bins=HISTOGRAM_BINS)
    whole = _entropy(joint)
    return (_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))) / whole if whole else 1.0


def shared_voxels(fixed: Image, moving: Image, placement: np.ndarray) -> np.ndarray:
    """Return the voxels of the fixed image that the moving one covers, too; errors as for :func:`similarity_of`."""
    everywhere = Image(np.ones(moving.geometry.shape, np.float32), moving.geometry)
    shared = np.asarray(resample_image(everywhere, fixed.geometry, placement).array > 0.5)
    if np.count_nonzero(shared) < HISTOGRAM_BINS**2:
        raise InputError(
            "The two images share no space, or too little to compare.",
            "Check that they are of the same person and session, and their sform and qform.",
        )
    return shared


def _entropy(counts: np.ndarray) -> float:
    parts = counts[counts > 0] / counts.sum()
    return float(-(parts * np.log(parts)).sum())
