"""Figures for model cards."""

from __future__ import annotations

import numpy as np


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Return the overlap of two boolean masks, 0 to 1; two empty ones agree."""
    together = np.count_nonzero(one) + np.count_nonzero(other)
    return float(2 * np.count_nonzero(one & other) / together) if together else 1.0
