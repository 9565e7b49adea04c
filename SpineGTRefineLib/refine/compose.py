"""Putting label arrays together and taking masks away. All return new arrays."""

from __future__ import annotations

import numpy as np

from ..errors import LabelError


def subtract(labels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return ``labels`` with background wherever ``mask`` is not 0."""
    return np.where(mask != 0, 0, labels).astype(labels.dtype, copy=False)


def compose(base: np.ndarray, *layers: np.ndarray) -> np.ndarray:
    """Lay label arrays over each other: where a later one is not background, it wins.

    Raises
    ------
    LabelError
        A layer holds values that do not fit into the integer type of ``base``.
    """
    result = base.copy()
    for layer in layers:
        _check_fits(layer, base.dtype)
        np.copyto(result, layer, where=layer != 0, casting="unsafe")
    return result


def fill_background(base: np.ndarray, layer: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
    """Take voxels of ``layer`` only where ``base`` is background (and ``where`` is True)."""
    _check_fits(layer, base.dtype)
    free = base == 0
    if where is not None:
        free &= where
    result = base.copy()
    np.copyto(result, layer, where=free, casting="unsafe")
    return result


def _check_fits(layer: np.ndarray, dtype: np.dtype) -> None:
    if layer.size and layer.max() > np.iinfo(dtype).max:
        raise LabelError(f"The value {layer.max()} does not fit into {dtype}.")
