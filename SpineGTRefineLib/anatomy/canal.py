"""The two canals, which are two structures and never two names of one.

The canal model and ``label-canal`` masks mean the whole canal, cord included; TotalSpineSeg's 2 and SPINEPS' 61 mean
the canal without the cord. Going from one to the other needs the cord, so no label conversion does it.
"""

from __future__ import annotations

import numpy as np

from ..errors import GeometryError


def split_canal(canal_whole: np.ndarray, cord: np.ndarray) -> np.ndarray:
    """Return the canal without the cord.

    Parameters
    ----------
    canal_whole, cord
        Masks of one shape; everything that is not 0 belongs to the structure.

    Returns
    -------
    numpy.ndarray
        Boolean mask of the voxels that are canal and not cord.
    """
    whole, inner = _masks(canal_whole, cord)
    return np.asarray(whole & ~inner)


def join_canal(canal_without_cord: np.ndarray, cord: np.ndarray) -> np.ndarray:
    """Return the whole canal as a boolean mask; parameters as in :func:`split_canal`.

    Undoes :func:`split_canal` where the cord lies inside the canal; a cord that leaves the canal widens it.
    """
    outer, inner = _masks(canal_without_cord, cord)
    return np.asarray(outer | inner)


def _masks(canal: np.ndarray, cord: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if canal.shape != cord.shape:
        raise GeometryError(
            f"The canal has shape {canal.shape}, the cord {cord.shape}.", "Bring both masks to one grid first."
        )
    return canal != 0, cord != 0
