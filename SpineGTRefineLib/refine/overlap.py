"""How much every structure of one label map overlaps every structure of another, counted in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import GeometryError, LabelError

LARGEST_VALUE = 65535
"""Largest label value that a table is made for."""


@dataclass(frozen=True, eq=False)
class OverlapTable:
    """Shared voxels of each pair of values of two label maps.

    Parameters
    ----------
    rows, columns
        Values of the first and of the second map, ascending, 0 (background) always included.
    voxels
        Number of shared voxels, shape (number of rows, number of columns).
    """

    rows: np.ndarray
    columns: np.ndarray
    voxels: np.ndarray

    def row_size(self, value: int) -> int:
        """Voxels of ``value`` in the first map; 0 where it is absent."""
        return int(self.voxels[self.rows == value].sum())

    def column_size(self, value: int) -> int:
        """Voxels of ``value`` in the second map; 0 where it is absent."""
        return int(self.voxels[:, self.columns == value].sum())

    def shared(self, row: int, column: int) -> int:
        """Voxels that hold ``row`` in the first map and ``column`` in the second."""
        return int(self.voxels[self.rows == row][:, self.columns == column].sum())

    def dice(self) -> np.ndarray:
        """Dice score of each pair, shape (rows, columns), float64: 2 |a & b| / (|a| + |b|); 0 where both are empty."""
        total = self.voxels.sum(axis=1)[:, None] + self.voxels.sum(axis=0)[None, :]
        dice: np.ndarray = np.divide(2 * self.voxels, total, out=np.zeros(total.shape), where=total > 0)
        return dice


def joint_histogram(first: np.ndarray, second: np.ndarray) -> OverlapTable:
    """Count the voxels shared by each pair of values of two label arrays.

    Parameters
    ----------
    first, second
        Integer arrays of one shape with values from 0 to 65535.

    Returns
    -------
    OverlapTable
        Exact counts; they sum to the number of voxels.

    Raises
    ------
    GeometryError
        The shapes differ.
    LabelError
        An array holds fractions, negative or too large values.
    """
    if first.shape != second.shape:
        raise GeometryError(f"Two label arrays of shapes {first.shape} and {second.shape} cannot be compared.")
    first, second = _in_memory_order(first, second)
    n_rows, n_columns = _extent(first), _extent(second)
    foreground = np.flatnonzero((first != 0) | (second != 0))
    codes = first.ravel()[foreground].astype(np.int64)
    codes *= n_columns
    codes += second.ravel()[foreground]
    if n_rows * n_columns <= max(1 << 20, 4 * foreground.size):
        table = np.bincount(codes, minlength=n_rows * n_columns).reshape(n_rows, n_columns)
    else:
        return _sparse_table(codes, n_columns, first.size - foreground.size)
    table[0, 0] += first.size - foreground.size
    return _compact(table)


def _in_memory_order(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn both arrays the same way, so that files in Fortran order are walked along their memory."""
    if first.flags.f_contiguous and second.flags.f_contiguous:
        return first.T, second.T
    return first, second


def _extent(array: np.ndarray) -> int:
    if not np.issubdtype(array.dtype, np.integer):
        raise LabelError(f"A label array holds whole numbers; got {array.dtype}.")
    if array.size == 0:
        return 1
    if array.min() < 0 or array.max() > LARGEST_VALUE:
        raise LabelError(f"Label values lie between 0 and {LARGEST_VALUE}; got {array.min()} to {array.max()}.")
    return int(array.max()) + 1


def _compact(table: np.ndarray) -> OverlapTable:
    rows = np.union1d([0], np.flatnonzero(table.any(axis=1)))
    columns = np.union1d([0], np.flatnonzero(table.any(axis=0)))
    return OverlapTable(rows, columns, table[np.ix_(rows, columns)])


def _sparse_table(codes: np.ndarray, n_columns: int, background: int) -> OverlapTable:
    """Count only the pairs that occur, for values so large that a table of all pairs would not fit."""
    pairs, counts = np.unique(codes, return_counts=True)
    row_values, column_values = np.divmod(pairs, n_columns)
    rows, row_index = np.unique(np.append(row_values, 0), return_inverse=True)
    columns, column_index = np.unique(np.append(column_values, 0), return_inverse=True)
    table = np.zeros((rows.size, columns.size), dtype=np.int64)
    table[row_index, column_index] = np.append(counts, background)
    return OverlapTable(rows, columns, table)
