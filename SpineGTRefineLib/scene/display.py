"""Copies of images that are made for the eye only."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..imaging import Image

NOISE_MM = 0.6
"""Standard deviation of the smoothing."""


def denoised(image: Image) -> Image:
    """Return a smoothed copy, without a source: it stands for no file and must not be saved.

    Smoothing is by the same length in mm along all axes, so thick slices are not blurred into each other.
    """
    sigma = [min(1.0, NOISE_MM / spacing) for spacing in image.geometry.spacing]
    return Image(ndimage.gaussian_filter(image.array.astype(np.float32), sigma), image.geometry)
