"""A slice of the MRI as a small grey PNG."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
import PIL.Image

WINDOW_PERCENTILES = (1.0, 99.5)
"""What is shown as black and as white, as percentiles of the voxels that are not 0."""


@dataclass(frozen=True)
class Slice:
    """One slice of the MRI.

    Parameters
    ----------
    width, height
        Size in millimetres.
    columns, rows
        Size in pixels.
    png
        The picture, PNG in base64.
    """

    width: float
    height: float
    columns: int
    rows: int
    png: str

    @property
    def pixel(self) -> tuple[float, float]:
        """Width and height of a pixel in millimetres."""
        return self.width / self.columns, self.height / self.rows


def gray_window(array: np.ndarray) -> tuple[float, float]:
    """Return the intensities to show as black and as white."""
    values = array[np.isfinite(array) & (array != 0)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(values, WINDOW_PERCENTILES))
    return low, high if high > low else low + 1.0


def gray_slice(pixels: np.ndarray, window: tuple[float, float], spacing: tuple[float, float]) -> Slice:
    """Draw intensities (rows, columns) with pixels of ``spacing`` (width, height) millimetres."""
    low, high = window
    scaled = (np.nan_to_num(pixels.astype(np.float32), nan=low, posinf=high, neginf=low) - low) / (high - low)
    gray = np.ascontiguousarray(np.clip(scaled * 255, 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    PIL.Image.fromarray(gray).save(buffer, format="PNG", optimize=True)
    rows, columns = pixels.shape
    png = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Slice(columns * spacing[0], rows * spacing[1], columns, rows, png)
