"""Which values a label array holds, and how often; fast for the small numbers that labels are."""

from __future__ import annotations

import numpy as np

_TABLE_LIMIT = 1 << 20
"""Up to this value a table of counts is far faster than sorting the voxels."""


def present_values(array: np.ndarray) -> np.ndarray:
    """Return the values of an integer array, ascending, each once, without 0."""
    return np.array([value for value in value_counts(array) if value != 0], dtype=np.int64)


def value_counts(array: np.ndarray) -> dict[int, int]:
    """Return the number of voxels of each value present, 0 included, ascending by value."""
    if array.size == 0:
        return {}
    if array.min() >= 0 and array.max() < _TABLE_LIMIT:
        table = np.bincount(array.ravel(order="K"))
        return {int(value): int(table[value]) for value in np.flatnonzero(table)}
    values, counts = np.unique(array, return_counts=True)
    return {int(value): int(count) for value, count in zip(values, counts, strict=True)}
