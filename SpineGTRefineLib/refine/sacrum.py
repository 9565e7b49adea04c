"""The sacrum of a map of parts: its largest piece, where a sacrum can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..imaging import LabelMap
from .column import Column, Member
from .components import largest_component

SPECK_MM3, SMALLEST_MM3 = 150.0, 1500.0
"""A piece below the first volume is a speck; one below the second says nothing about the levels above it."""

LARGE_MM3 = 10_000.0
"""A piece at least this large is kept wherever it lies: what a network takes for sacrum elsewhere is smaller."""

REACH = 1.6
"""The sacrum is directly below the last vertebra if it begins within this many distances between vertebrae."""

LONE_DISTANCE_MM = 35.0
"""Distance between lumbar vertebrae, where only one is in view."""

LEAST_LUMBAR = 0.1
"""A vertebra that looks lumbar less than this does not sit on a sacrum."""


@dataclass(frozen=True, eq=False)
class Sacrum:
    """What was found of the sacrum.

    Parameters
    ----------
    mask
        Boolean array; empty where there is none, or none that can be.
    carries
        Whether the last vertebra sits on it.
    rejected
        Voxels of a small piece that was taken for sacrum and cannot be: it lies beside or above the last vertebra, or
        that vertebra is not a lumbar one.
    """

    mask: np.ndarray
    carries: bool
    rejected: int = 0


def find_sacrum(parts: LabelMap, column: Column) -> Sacrum:
    """Find the sacrum below a column of vertebrae; without vertebrae the largest piece is believed.

    Parameters
    ----------
    parts
        Scheme ``spine_parts``.
    column
        Its vertebrae.
    """
    drawn = parts.array == parts.scheme.value_of("sacrum")
    mask = np.asarray(largest_component(drawn.astype(np.uint8)) > 0)
    size = int(np.count_nonzero(mask))
    volume = size * parts.geometry.voxel_volume
    if volume < SPECK_MM3:
        return Sacrum(np.zeros_like(mask), carries=False)
    if not column.members:
        return Sacrum(mask, carries=False)
    last = column.members[-1]
    voxels = parts.geometry.to_world(np.argwhere(mask))
    not_below = voxels[:, 2].mean() >= last.center[2]
    not_lumbar = bool(last.looks) and last.looks.get("L", 0.0) < LEAST_LUMBAR
    if not_below or not_lumbar:
        if volume >= LARGE_MM3:
            return Sacrum(mask, carries=False)
        return Sacrum(np.zeros_like(mask), carries=False, rejected=size)
    return Sacrum(mask, carries=volume >= SMALLEST_MM3 and begins_below(voxels, column.members))


def begins_below(voxels: np.ndarray, members: Sequence[Member]) -> bool:
    """Whether a sacrum begins directly below the last of some vertebrae.

    Parameters
    ----------
    voxels
        Its voxels in RAS mm, shape (n, 3).
    members
        Vertebrae from head to tail, at least one.
    """
    last, usual = members[-1].center, LONE_DISTANCE_MM
    if len(members) > 1:
        usual = float(np.linalg.norm(last - members[-2].center))
    nearest = float(np.linalg.norm(voxels - last, axis=1).min())
    return bool(voxels[:, 2].mean() < last[2]) and nearest < REACH * usual
