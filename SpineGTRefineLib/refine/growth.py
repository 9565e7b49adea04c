"""Growing and shrinking of structures by a distance in millimetres, all labels at once and without overlap.

Distances are Euclidean, from voxel centre to voxel centre. Only voxels on the surface can be nearest to a voxel
outside, and only in the directions in which the surface is open: these few are moved along every step of the ball, the
shortest step first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, product

import numpy as np

from .runs import in_memory_order, is_reversed

Step = tuple[int, int, int]


def expand(
    labels: np.ndarray, spacing: Sequence[float], reach_mm: float, values: Sequence[int] | None = None
) -> np.ndarray:
    """Grow structures into the background.

    Parameters
    ----------
    labels
        Integer array, three axes; 0 is background.
    spacing
        Voxel size in mm along each axis.
    reach_mm
        A background voxel at most this far from a structure becomes part of it.
    values
        The labels that grow; None for all. The others keep their place and are never overwritten.

    Returns
    -------
    array
        A new array. A voxel within reach of several structures goes to the nearest; at exactly equal distance (to a
        millionth of a mm²) to the one with the lowest label.
    """
    grid = _Padded(labels, spacing, reach_mm)
    grows = grid.flat != 0
    if values is not None:
        grows = np.isin(grid.flat, values) & grows
    free = grid.within & (grid.flat == 0)
    sources = np.flatnonzero(grows)
    surface = _Surface(sources, [~grows[sources + grid.offset(face)] for face in _FACES])
    for shell in _shells(grid.spacing, reach_mm):
        found, given = [], []
        for step in shell:
            start = surface.open_towards(step)
            target = start + grid.offset(step)
            hit = free[target]
            found.append(target[hit])
            given.append(grid.flat[start[hit]])
        voxels, new = np.concatenate(found), np.concatenate(given)
        lowest_last = np.argsort(new, kind="stable")[::-1]
        grid.flat[voxels[lowest_last]] = new[lowest_last]
        free[voxels] = False
    return grid.cropped()


def shrink(
    labels: np.ndarray, spacing: Sequence[float], reach_mm: float, values: Sequence[int] | None = None
) -> np.ndarray:
    """Peel structures: what lies at most ``reach_mm`` from a voxel that is not theirs becomes background.

    Parameters are those of :func:`expand`. Structures that touch draw back from each other, too. The outer faces of
    the array peel nothing: a structure that is cut off there goes on.
    """
    grid = _Padded(labels, spacing, reach_mm)
    own = np.flatnonzero(grid.flat)
    if values is not None:
        own = own[np.isin(grid.flat[own], values)]
    lost = np.zeros(grid.flat.size, dtype=bool)
    surface = _Surface(own, [_differs(grid, own, face) for face in _FACES])
    for step in (step for shell in _shells(grid.spacing, reach_mm) for step in shell):
        edge, other = _edge_towards(grid, surface, step)
        target = other - grid.offset(step)
        lost[target[grid.flat[target] == grid.flat[edge]]] = True
    grid.flat[lost] = 0
    return grid.cropped()


_FACES: tuple[Step, ...] = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))


class _Padded:
    """A copy of the labels in order of memory, wide enough that no step leaves it; indices are flat."""

    def __init__(self, labels: np.ndarray, spacing: Sequence[float], reach_mm: float) -> None:
        self._reversed = is_reversed(labels)
        stored = in_memory_order(labels)
        self.spacing = tuple(spacing)[::-1] if self._reversed else tuple(spacing)
        margin = [int(reach_mm / size + 1e-9) + 1 for size in self.spacing]
        self._inner = tuple(slice(m, m + n) for m, n in zip(margin, stored.shape, strict=True))
        self._shape: tuple[int, ...] = tuple(n + 2 * m for m, n in zip(margin, stored.shape, strict=True))
        volume = np.zeros(self._shape, dtype=labels.dtype)
        volume[self._inner] = stored
        within = np.zeros(self._shape, dtype=bool)
        within[self._inner] = True
        self.flat, self.within = volume.reshape(-1), within.reshape(-1)

    def offset(self, step: Step) -> int:
        """Distance in the flat array of a step along the three axes."""
        return (step[0] * self._shape[1] + step[1]) * self._shape[2] + step[2]

    def cropped(self) -> np.ndarray:
        """Return the labels without the margin, with the axes as they were given."""
        inner = np.ascontiguousarray(self.flat.reshape(self._shape)[self._inner])
        return inner.T if self._reversed else inner


class _Surface:
    """Voxels that are open in at least one direction, and in which."""

    def __init__(self, voxels: np.ndarray, is_open: Sequence[np.ndarray]) -> None:
        some = np.flatnonzero(np.logical_or.reduce(is_open))
        self._voxels = voxels[some]
        self._open = {face: flags[some] for face, flags in zip(_FACES, is_open, strict=True)}
        self._chosen: dict[Step, np.ndarray] = {}

    def open_towards(self, step: Step) -> np.ndarray:
        """Return the voxels that are open along every axis that a step moves along, in its direction."""
        signs = _signs(step)
        if signs not in self._chosen:
            flags = [self._open[face] for face in _faces_of(signs)]
            self._chosen[signs] = self._voxels[np.logical_and.reduce(flags)]
        return self._chosen[signs]


def _differs(grid: _Padded, voxels: np.ndarray, face: Step) -> np.ndarray:
    neighbours = voxels + grid.offset(face)
    return np.asarray((grid.flat[neighbours] != grid.flat[voxels]) & grid.within[neighbours])


def _edge_towards(grid: _Padded, surface: _Surface, step: Step) -> tuple[np.ndarray, np.ndarray]:
    """Find foreign voxels that can be the nearest in a direction, each with a voxel of the structure beside it."""
    first, *others = _faces_of(_signs(step))
    edge = surface.open_towards(first)
    foreign = edge + grid.offset(first)
    for face in others:
        same = grid.flat[foreign - grid.offset(face)] == grid.flat[edge]
        edge, foreign = edge[same], foreign[same]
    return edge, foreign


def _signs(step: Step) -> Step:
    a, b, c = (int(np.sign(part)) for part in step)
    return a, b, c


def _faces_of(signs: Step) -> list[Step]:
    return [face for face in _FACES if any(one and one == other for one, other in zip(face, signs, strict=True))]


def _shells(spacing: Sequence[float], reach_mm: float) -> Iterator[list[Step]]:
    """Yield the steps of a ball in groups of equal length, the shortest first; without the step to nowhere."""
    ranges = [range(-int(reach_mm / size + 1e-9), int(reach_mm / size + 1e-9) + 1) for size in spacing]
    a, b, c = ranges
    steps = ((i, j, k) for i, j, k in product(a, b, c))
    lengths = {step: round(sum((n * size) ** 2 for n, size in zip(step, spacing, strict=True)), 6) for step in steps}
    ball = [step for step in lengths if 0 < lengths[step] <= reach_mm**2 + 1e-6]
    for _, shell in groupby(sorted(ball, key=lengths.__getitem__), key=lengths.__getitem__):
        yield list(shell)
