"""One look at a label map that all rules share: for each structure its size, box, middle and contact with the edge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..anatomy import Structure
from ..imaging import Geometry, LabelMap, reorient_to_grid
from .problem import Problem, Severity

BODY_PLANE_SHARE = 0.5
"""A coronal plane belongs to the vertebral body if it holds this share of the fullest plane's voxels; the processes
behind the canal are far thinner."""

ANISOTROPY = 1.3
"""Slices thicker than this many times the in-plane voxel are what a rater scrolls through."""

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Region:
    """One structure as it lies in the mask.

    Parameters
    ----------
    structure, value
        What it is, and its number.
    box
        Smallest box of voxels around it.
    mask
        Boolean array of the box's shape.
    voxels
        Number of voxels.
    middle
        RAS mm of the centre of its bulk: for a vertebra the body, not the processes.
    faces
        Sides of the image that it touches, as letters of R L A P S I.
    """

    structure: Structure
    value: int
    box: Box
    mask: np.ndarray
    voxels: int
    middle: np.ndarray
    faces: frozenset[str]

    @property
    def truncated(self) -> bool:
        """Whether the edge of the image cuts it (left and right do not count: sagittal scans are narrow)."""
        return bool(self.faces & set("SIAP"))

    @property
    def name(self) -> str:
        """Name for people."""
        return self.structure.name


class Survey:
    """A label map and the regions of the structures that its scheme knows.

    Parameters
    ----------
    labels
        The mask; not changed.
    """

    def __init__(self, labels: LabelMap) -> None:
        self.labels = labels
        self.geometry = labels.geometry
        codes = labels.geometry.axcodes
        self.axis_of = {letter: axis for axis, code in enumerate(codes) for letter in _pair(code)}
        self._boxes = _boxes(labels.array)

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """Every known structure present, ascending by value."""
        return tuple(self._region(value, box) for value, box in self._boxes.items() if value in self.labels.scheme)

    def box_of(self, value: int) -> Box:
        """Smallest box around a value that is present."""
        return self._boxes[value]

    @property
    def values(self) -> tuple[int, ...]:
        """Values present, ascending."""
        return tuple(self._boxes)

    def of_kind(self, *kinds: str) -> tuple[Region, ...]:
        """Regions of some kinds, from head to tail."""
        chosen = (region for region in self.regions if region.structure.kind in kinds)
        return tuple(sorted(chosen, key=lambda region: region.structure.order or 0.0))

    def shown(self, mask: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Index of the voxel of ``mask`` (in ``box``) nearest to the middle of the mask; the same after any flip."""
        start = [part.start or 0 for part in box] if box is not None else [0, 0, 0]
        index = np.argwhere(mask) + np.array(start)
        world = self.geometry.to_world(index)
        distance = np.round(np.linalg.norm(world - world.mean(axis=0), axis=1), 6)
        nearest = np.flatnonzero(distance == distance.min())
        order = np.lexsort(np.round(world[nearest], 4).T)
        return np.asarray(index[nearest[order[0]]])

    def problem(
        self,
        rule: str,
        severity: Severity,
        about: Region | tuple[str | None, int | None],
        message: str,
        remedy: str,
        *,
        index: np.ndarray | None = None,
        axial: bool = False,
    ) -> Problem:
        """Make a problem that is shown at the voxel ``index``, by default the middle of the region it is about.

        ``axial`` says that it is best seen on the slice across the spine.
        """
        structure: str | None
        value: int | None
        if isinstance(about, Region):
            structure, value = about.structure.key, about.value
            index = self._nearest_voxel(about.middle) if index is None else index
        else:
            structure, value = about
        if index is None:
            return Problem(rule, severity, structure, value, None, None, message, remedy)
        axis = self.axis_of["S"] if axial else self.viewing_axis
        x, y, z = self.geometry.to_world(index).tolist()
        place = (axis, int(index[axis]))
        return Problem(rule, severity, structure, value, place, (x, y, z), message, remedy)

    @property
    def viewing_axis(self) -> int:
        """Axis that a rater scrolls through: that of the thick slices, or left-right where voxels are even."""
        spacing = self.geometry.spacing
        thickest = int(np.argmax(spacing))
        return thickest if spacing[thickest] > ANISOTROPY * min(spacing) else self.axis_of["R"]

    def _nearest_voxel(self, world: np.ndarray) -> np.ndarray:
        index = np.rint(self.geometry.to_index(world)).astype(int)
        return np.asarray(np.clip(index, 0, np.array(self.geometry.shape) - 1))

    def _region(self, value: int, box: Box) -> Region:
        mask = self.labels.array[box] == value
        faces = frozenset(
            letter
            for axis, code in enumerate(self.geometry.axcodes)
            for letter, touched in (
                (code, box[axis].stop == self.geometry.shape[axis]),
                (_opposite(code), box[axis].start == 0),
            )
            if touched
        )
        middle = self.geometry.to_world(_bulk_middle(mask, self.axis_of["A"]) + [part.start for part in box])
        entry = self.labels.scheme[value]
        return Region(entry.structure, value, box, mask, int(np.count_nonzero(mask)), middle, faces)


def aligned(volume: LabelMap, geometry: Geometry) -> np.ndarray:
    """Return another mask as a boolean array on the grid ``geometry``; flips and swaps are undone, nothing resampled.

    Raises
    ------
    GeometryError
        It lies on another grid.
    """
    return np.asarray(reorient_to_grid(volume, geometry).array != 0)


def run_bounds(flags: Iterable[bool] | np.ndarray) -> list[tuple[int, int]]:
    """First and last index of every run of True."""
    padded = np.concatenate([[0], np.asarray(flags, dtype=np.int8), [0]])
    steps = np.diff(padded)
    return [(int(a), int(b) - 1) for a, b in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True)]


def _bulk_middle(mask: np.ndarray, axis: int) -> np.ndarray:
    """Index of the middle of the coronal planes that hold most of the mask."""
    others = tuple(other for other in range(3) if other != axis)
    profile = mask.sum(axis=others)
    keep = profile >= BODY_PLANE_SHARE * profile.max()
    shape = [1, 1, 1]
    shape[axis] = -1
    bulk = mask & keep.reshape(shape)
    total = np.count_nonzero(bulk)
    middle = []
    for own in range(3):
        counts = bulk.sum(axis=tuple(other for other in range(3) if other != own))
        middle.append(float((counts * np.arange(counts.size)).sum()) / total)
    return np.array(middle)


def _boxes(array: np.ndarray) -> dict[int, Box]:
    values = (
        np.flatnonzero(np.bincount(array.ravel(order="K"))) if array.size and array.min() >= 0 else np.unique(array)
    )
    present = [int(value) for value in values if value != 0]
    if not present:
        return {}
    if present[0] < 0 or present[-1] > 4 * len(present) + 4096:
        # Rare: huge or negative numbers. Number them densely for the search.
        dense = np.searchsorted(np.array([0, *present]) if present[0] > 0 else np.unique([0, *present]), array)
        numbers = np.array([0, *present]) if present[0] > 0 else np.unique([0, *present])
        found = ndimage.find_objects(np.where(array != 0, dense + 1, 0))
        return {int(numbers[i - 1]): box for i, box in enumerate(found, start=1) if box is not None}
    found = ndimage.find_objects(array)
    return {value: found[value - 1] for value in present}


def _pair(letter: str) -> str:
    return next(pair for pair in ("RL", "AP", "SI") if letter in pair)


def _opposite(letter: str) -> str:
    return _pair(letter).replace(letter, "")
