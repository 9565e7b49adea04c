"""Label arrays as runs of equal voxels: connected pieces of all labels at once, without a volume of piece numbers.

A spine of ten million voxels has some hundred thousand runs. Joining runs that touch and counting their lengths costs
a small part of labelling every structure by itself, and needs nothing but numpy and scipy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of equal voxels along the last axis of a contiguous array, in order of memory.

    Parameters
    ----------
    shape
        Shape of the array in order of memory.
    starts, stops
        First flat index of each run, and the one after its last.
    values
        Value of each run.
    """

    shape: tuple[int, int, int]
    starts: np.ndarray
    stops: np.ndarray
    values: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Voxels of each run."""
        return np.asarray(self.stops - self.starts)

    @cached_property
    def lines(self) -> np.ndarray:
        """The line of the array that each run lies in, counted over the first two axes."""
        return np.asarray(self.starts // self.shape[2])

    @cached_property
    def on_border(self) -> np.ndarray:
        """Whether a run holds a voxel on the outer faces of the array."""
        n, m, length = self.shape
        line0, line1 = np.divmod(self.lines, m)
        border = (line0 == 0) | (line0 == n - 1) | (line1 == 0) | (line1 == m - 1)
        return np.asarray(border | (self.starts % length == 0) | (self.stops % length == 0))

    def in_line(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of runs that follow each other in one line without a gap."""
        first = np.flatnonzero((self.stops[:-1] == self.starts[1:]) & (self.lines[:-1] == self.lines[1:]))
        return first, first + 1

    def touching(self, connectivity: int) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of runs in neighbouring lines that touch, whatever their values; each pair once.

        Parameters
        ----------
        connectivity
            1 (faces) to 3 (corners).
        """
        pairs = [self._touching_line(*step, connectivity) for step in ((0, 1), (1, -1), (1, 0), (1, 1))]
        first, second = zip(*(pair for pair in pairs if pair is not None), strict=True)
        return np.concatenate(first), np.concatenate(second)

    def _touching_line(self, step0: int, step1: int, connectivity: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Pairs with the runs of the line that lies ``step0, step1`` further; None if such lines do not touch."""
        steps = abs(step0) + abs(step1)
        if steps > connectivity:
            return None
        reach = int(steps < connectivity)
        n, m, length = self.shape
        line0, line1 = np.divmod(self.lines, m)
        inside = np.flatnonzero((line0 + step0 < n) & (line1 + step1 >= 0) & (line1 + step1 < m))
        other_line = (self.lines[inside] + step0 * m + step1) * length
        own_line = self.lines[inside] * length
        low = other_line + np.maximum(self.starts[inside] - own_line - reach, 0)
        high = other_line + np.minimum(self.stops[inside] - own_line + reach, length)
        first = np.searchsorted(self.stops, low, side="right")
        counts = np.maximum(np.searchsorted(self.starts, high, side="left") - first, 0)
        before = np.cumsum(counts) - counts
        return np.repeat(inside, counts), np.repeat(first - before, counts) + np.arange(int(counts.sum()))


@dataclass(frozen=True, eq=False)
class Pieces:
    """The connected pieces of every label.

    Parameters
    ----------
    runs
        The runs that they consist of.
    of_run
        Number of the piece that each run belongs to, from 0.
    values, voxels
        Label and size of each piece.
    first
        Smallest flat index (C order of the array as it was given) of each piece; settles ties the same way however
        the array lies in memory.
    """

    runs: Runs
    of_run: np.ndarray
    values: np.ndarray
    voxels: np.ndarray
    first: np.ndarray

    def largest(self) -> np.ndarray:
        """For each piece, whether it is the largest of its label (the first of equals)."""
        order = np.lexsort((self.first, -self.voxels, self.values))
        _, leaders = np.unique(self.values[order], return_index=True)
        chosen = np.zeros(order.size, dtype=bool)
        chosen[order[leaders]] = True
        return chosen


def is_reversed(array: np.ndarray) -> bool:
    """Whether the first axis, not the last, is the one whose neighbours are neighbours in memory."""
    return bool(array.flags.f_contiguous and not array.flags.c_contiguous)


def in_memory_order(array: np.ndarray) -> np.ndarray:
    """Return the voxels with axes in order of memory: a view where they lie without gaps, else a copy."""
    return array.T if is_reversed(array) else np.ascontiguousarray(array)


def find_runs(array: np.ndarray, *, background: bool = False) -> Runs:
    """Cut a label array (three axes) into runs of equal values; those of 0 only if ``background``."""
    stored = in_memory_order(array)
    flat = stored.ravel()
    begins = np.empty(flat.size, dtype=bool)
    np.not_equal(flat[1:], flat[:-1], out=begins[1:])
    begins[:: stored.shape[2]] = True
    starts = np.flatnonzero(begins)
    stops = np.append(starts[1:], flat.size)
    values = flat[starts]
    if not background:
        kept = values != 0
        starts, stops, values = starts[kept], stops[kept], values[kept]
    return Runs(stored.shape, starts, stops, values)


def find_pieces(array: np.ndarray, connectivity: int) -> Pieces:
    """Find the connected pieces of every label of an array (three axes); 0 is background."""
    runs = find_runs(array)
    first, second = runs.touching(connectivity)
    same = runs.values[first] == runs.values[second]
    of_run = join(runs.starts.size, first[same], second[same])
    count = int(of_run.max()) + 1 if of_run.size else 0
    values = np.zeros(count, dtype=array.dtype)
    values[of_run] = runs.values
    begin = np.full(count, array.size, dtype=np.int64)
    np.minimum.at(begin, of_run, _index_as_given(runs, array))
    voxels = np.bincount(of_run, weights=runs.lengths, minlength=count).astype(np.int64)
    return Pieces(runs, of_run, values, voxels, begin)


def join(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Give each of ``count`` things the number of its group, where the given pairs belong together."""
    if count == 0:
        return np.zeros(0, dtype=np.int32)
    graph = sparse.coo_matrix((np.ones(first.size, dtype=np.int8), (first, second)), shape=(count, count))
    return np.asarray(csgraph.connected_components(graph, directed=False)[1])


def paint(array: np.ndarray, runs: Runs, chosen: np.ndarray, values: np.ndarray | int) -> np.ndarray:
    """Return a copy of an array in which the chosen runs (indices) have other values (one for all, or one each)."""
    result = array.copy(order="F" if is_reversed(array) else "C")
    lengths = runs.lengths[chosen]
    voxels = np.repeat(runs.starts[chosen] - (np.cumsum(lengths) - lengths), lengths) + np.arange(int(lengths.sum()))
    in_memory_order(result).reshape(-1)[voxels] = values if isinstance(values, int) else np.repeat(values, lengths)
    return result


def _index_as_given(runs: Runs, array: np.ndarray) -> np.ndarray:
    """Flat C-order index, in the array as it was given, of each run's first voxel (no other of the run is smaller)."""
    if not is_reversed(array):
        return runs.starts
    k, j, i = np.unravel_index(runs.starts, runs.shape)
    return np.asarray(np.ravel_multi_index((i, j, k), array.shape))
