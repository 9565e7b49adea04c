"""From the numbers stored in a file to the values of an image or a mask, and back."""

from __future__ import annotations

import numpy as np
from nibabel.nifti1 import Nifti1Header

from ..errors import LabelError, UnsupportedFileError

LABEL_ROUNDING_TOLERANCE = 0.01
"""A float this close to a whole number is a label that went through float storage; further away it is a soft mask."""

LARGEST_LABEL = 2**32 - 1


def image_values(stored: np.ndarray, header: Nifti1Header) -> tuple[np.ndarray, tuple[str, ...]]:
    """Apply the header's scaling to the stored numbers of an image.

    Returns
    -------
    numpy.ndarray
        Stored type in native byte order if there is no scaling; else float32, or float64 for wide stored types.
    tuple of str
        Notes: voxels that are not finite, an image without contrast.
    """
    slope, inter, notes = _scaling(header)
    array = _native(stored)
    if (slope, inter) != (1.0, 0.0):
        array = _scaled(stored, slope, inter)
    if array.dtype.kind == "f":
        wrong = array.size - int(np.count_nonzero(np.isfinite(array)))
        if wrong:
            notes.append(f"{wrong} voxels are NaN or infinite")
    if array.size > 1 and (array == array[0, 0, 0]).all():
        notes.append("all voxels have the same value: the image has no contrast")
    array.setflags(write=False)
    return array, tuple(notes)


def label_values(stored: np.ndarray, header: Nifti1Header) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the stored numbers of a mask as non-negative whole numbers.

    Raises
    ------
    LabelError
        Fractions (a soft mask, or a mask resampled with interpolation), negative numbers, NaN, numbers beyond 32 bits.
    """
    slope, inter, notes = _scaling(header)
    array = _native(stored)
    if (slope, inter) != (1.0, 0.0):
        array = _scaled(stored, slope, inter).astype(np.float64)
        notes.append(f"the mask is stored with a scaling (slope {slope:g}, intercept {inter:g}), which was applied")
    if array.dtype.kind == "f":
        array = _rounded(array)
        notes.append("whole numbers stored as floats were read as labels")
    smallest = smallest_label_type(array)
    if array.dtype.itemsize > 4 or array.dtype.kind == "f":
        array = array.astype(smallest)
    if not array.any():
        notes.append("the mask is empty")
    elif array.all():
        notes.append("the mask has no background")
    array.setflags(write=False)
    return array, tuple(notes)


def smallest_label_type(array: np.ndarray) -> np.dtype:
    """Return the smallest unsigned type that holds every value of a label array.

    Raises
    ------
    LabelError
        A value is negative or needs more than 32 bits.
    """
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > LARGEST_LABEL:
        raise LabelError(f"Labels lie between 0 and {LARGEST_LABEL}; got {low} to {high}.", "Correct these values.")
    return np.dtype(np.min_scalar_type(high))


def storable_image(array: np.ndarray) -> np.ndarray:
    """Return the array in a type that NIfTI-1 can store without loss."""
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise UnsupportedFileError(f"An image of type {array.dtype} cannot be stored.", "Convert it to float32.")
    return array


def _scaling(header: Nifti1Header) -> tuple[float, float, list[str]]:
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0:  # the standard: no scaling
        return 1.0, 0.0, []
    if not np.isfinite([slope, inter]).all():
        return 1.0, 0.0, [f"the scaling (slope {slope}, intercept {inter}) is not finite and was ignored"]
    return slope, inter, []


def _scaled(stored: np.ndarray, slope: float, inter: float) -> np.ndarray:
    wide = stored.dtype.itemsize > 4 or (stored.dtype.kind in "iu" and stored.dtype.itemsize > 2)
    kind = np.float64 if wide else np.float32
    return np.asarray(_native(stored) * kind(slope) + kind(inter))


def _native(stored: np.ndarray) -> np.ndarray:
    return stored if stored.dtype.isnative else stored.astype(stored.dtype.newbyteorder("="))


def _rounded(array: np.ndarray) -> np.ndarray:
    if not np.isfinite(array).all():
        raise LabelError("The mask holds NaN or infinite values.", "Set them to 0 or to a label.")
    rounded = np.rint(array)
    worst = float(np.abs(array - rounded).max())
    if worst >= LABEL_ROUNDING_TOLERANCE:
        raise LabelError(
            f"The mask holds fractions (up to {worst:.3g} away from a whole number); labels are whole numbers.",
            "If it is a soft mask, threshold it first; if it was resampled, resample it with nearest neighbour.",
        )
    return np.asarray(rounded)
