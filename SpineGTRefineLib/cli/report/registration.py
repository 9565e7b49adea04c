"""A picture of a carried mask: the image, the one it was drawn on, and both in a checkerboard, with its outline."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import PIL.Image

from ...fileops import write_atomic
from ...imaging import Geometry, Image, LabelMap, reorient
from .slices import gray_window

PIXEL_MM = 0.5
"""Size of a pixel of the picture."""

SQUARE_MM = 15.0
"""Size of a square of the checkerboard."""

OUTLINE = (255, 196, 0)


def write_registration_picture(path: Path, target: Image, source: Image, labels: LabelMap) -> None:
    """Draw the sagittal and the axial slice with most of the mask, one below the other, as a PNG.

    Parameters
    ----------
    path
        ``.png``.
    target, source, labels
        The image that got the mask, the other image brought onto its grid, and the mask; all on one grid.
    """
    target, source = (reorient(image, "RAS") for image in (target, source))
    mask = reorient(labels, "RAS").array > 0
    rows = [_row(target, source, mask, axis) for axis in (0, 2)]
    width = max(row.shape[1] for row in rows)
    sheet = np.vstack([np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0))) for row in rows])
    buffer = io.BytesIO()
    PIL.Image.fromarray(sheet).save(buffer, format="PNG", optimize=True)
    write_atomic(path, buffer.getvalue())


def _row(target: Image, source: Image, mask: np.ndarray, axis: int) -> np.ndarray:
    """Return three pictures side by side of the slice across ``axis`` that holds most of the mask."""
    others = tuple(n for n in range(3) if n != axis)
    place = int(mask.sum(axis=others).argmax())
    one, other = (_gray(image, axis, place) for image in (target, source))
    inside = _upright(
        mask.take(place, axis).astype(np.uint8) * 255, target.geometry, axis, PIL.Image.Resampling.NEAREST
    )
    side = round(SQUARE_MM / PIXEL_MM)
    rows, columns = np.indices(one.shape) // side
    mixed = np.where((rows + columns) % 2 == 0, one, other)
    return np.hstack([_outlined(gray, inside > 0) for gray in (one, other, mixed)])


def _gray(image: Image, axis: int, place: int) -> np.ndarray:
    low, high = gray_window(image.array)
    pixels = np.clip((image.array.take(place, axis).astype(np.float32) - low) / (high - low) * 255, 0, 255)
    return _upright(pixels.astype(np.uint8), image.geometry, axis, PIL.Image.Resampling.BILINEAR)


def _upright(pixels: np.ndarray, geometry: Geometry, axis: int, filtering: PIL.Image.Resampling) -> np.ndarray:
    """Turn a slice of a RAS volume so that head (or front) is up, and give its pixels one size."""
    across, along = (size for n, size in enumerate(geometry.spacing) if n != axis)
    columns, rows = pixels.shape
    size = (max(1, round(columns * across / PIXEL_MM)), max(1, round(rows * along / PIXEL_MM)))
    picture = PIL.Image.fromarray(np.ascontiguousarray(pixels.T[::-1])).resize(size, filtering)
    return np.asarray(picture)


def _outlined(gray: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return the picture in color, with the border of the mask."""
    padded = np.pad(inside, 1)
    surrounded = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    colored = np.repeat(gray[..., None], 3, axis=2)
    colored[inside & ~surrounded] = OUTLINE
    return colored
