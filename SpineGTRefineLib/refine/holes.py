"""Holes in structures: background that is shut off from the outside by one structure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .components import FACE_CONNECTIVITY
from .runs import Runs, find_runs, join, paint


def fill_holes(labels: np.ndarray) -> np.ndarray:
    """Fill the holes of every structure of a label array.

    A hole of a structure is background from where every way to the outer faces of the array, over voxel faces, crosses
    the structure. Other structures are never overwritten: where a structure encloses another one, only the background
    between them is filled. Background that two structures enclose only together belongs to neither and stays.

    Parameters
    ----------
    labels
        Integers or bool, three axes; 0 is background.

    Returns
    -------
    array
        A new array of the same type. A hole inside a structure inside another one goes to the inner one.
    """
    runs = find_runs(labels, background=True)
    regions = _find_regions(runs)
    filling = np.zeros(regions.values.size, dtype=labels.dtype)
    for hole, value in _owners(regions):
        filling[hole] = value
    of_run = filling[regions.of_run]
    chosen = np.flatnonzero(of_run)
    return paint(labels, runs, chosen, of_run[chosen])


@dataclass(frozen=True, eq=False)
class _Regions:
    """Parts of the array of one value, connected over faces, and which of them touch.

    Parameters
    ----------
    of_run
        Region of each run.
    values, outside, voxels
        Value of each region; whether it reaches the outer faces; its size.
    first, second
        Touching regions; every pair is listed both ways round, once.
    """

    of_run: np.ndarray
    values: np.ndarray
    outside: np.ndarray
    voxels: np.ndarray
    first: np.ndarray
    second: np.ndarray


def _find_regions(runs: Runs) -> _Regions:
    first, second = runs.touching(FACE_CONNECTIVITY)
    same = runs.values[first] == runs.values[second]
    of_run = join(runs.starts.size, first[same], second[same])
    count = int(of_run.max()) + 1
    values = np.zeros(count, dtype=runs.values.dtype)
    values[of_run] = runs.values
    outside = np.zeros(count, dtype=bool)
    outside[of_run[runs.on_border]] = True
    in_line = runs.in_line()
    one = of_run[np.concatenate([first[~same], in_line[0]])].astype(np.int64)
    other = of_run[np.concatenate([second[~same], in_line[1]])].astype(np.int64)
    codes = np.unique(np.concatenate([one * count + other, other * count + one]))
    return _Regions(of_run, values, outside, np.bincount(of_run, weights=runs.lengths), *np.divmod(codes, count))


def _owners(regions: _Regions) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield holes (numbers of regions) with the value that fills them."""
    neighbours = np.bincount(regions.first, minlength=regions.values.size)
    lowest = np.full(regions.values.size, np.iinfo(np.int64).max)
    highest = np.zeros(regions.values.size, dtype=np.int64)
    np.minimum.at(lowest, regions.first, regions.values[regions.second])
    np.maximum.at(highest, regions.first, regions.values[regions.second])
    closed = (regions.values == 0) & ~regions.outside & (neighbours > 0)
    plain = np.flatnonzero(closed & (lowest == highest))
    yield plain, highest[plain]
    shared = np.flatnonzero(closed & (lowest != highest))
    if shared.size:
        yield from _owners_of_shared(regions, shared, neighbours)


def _owners_of_shared(
    regions: _Regions, holes: np.ndarray, neighbours: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Find who encloses the holes that touch several structures, by taking one structure after the other away.

    Regions with a single neighbour (specks, plain holes) lie on no way to the outside and are left out first.
    """
    on_a_way = (neighbours > 1) | regions.outside
    linked = on_a_way[regions.first] & on_a_way[regions.second] & (regions.first < regions.second)
    first, second = regions.first[linked], regions.second[linked]
    count = regions.values.size
    number = np.cumsum(on_a_way) - 1  # of the regions that are left
    first, second, values = number[first], number[second], regions.values[on_a_way]
    outside, voxels = regions.outside[on_a_way], regions.voxels[on_a_way]
    smallest = np.full(count, np.inf)
    owner = np.zeros(count, dtype=regions.values.dtype)
    for value in np.unique(values[values != 0]):
        open_way = (values[first] != value) & (values[second] != value)
        group = join(values.size, first[open_way], second[open_way])
        shut = np.bincount(group, weights=outside) == 0
        inside = np.bincount(group, weights=voxels)[group[number[holes]]]
        better = shut[group[number[holes]]] & (inside < smallest[holes])
        owner[holes[better]] = value
        smallest[holes[better]] = inside[better]
    yield holes, owner[holes]
