"""Writing the voxels of a refined spine, with a decision for every voxel that is written, left out or taken away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..anatomy import scheme
from ..imaging import LabelMap
from .components import label_components, too_small
from .decisions import Action, Decision, removal
from .instances import Instance, grow
from .matching import Level, Placement
from .naming import Naming
from .nearest import margin_voxels, nearest_label
from .overlap import joint_histogram

ENDPLATE_REACH_MM = 4.0
"""An endplate goes with the nearest vertebra or sacrum, if one is this close."""

SPECK_MM3 = 30.0
"""A part that the canal cut separates is a speck below this volume ..."""

SPECK_FRACTION = 0.05
"""... if it is also less than this part of its structure."""

LEAST_FREE = 0.5
"""A TotalSpineSeg structure without partner is taken if at least this part of it is free background."""


class SpineWriter:
    """A refined spine while it is being written.

    Parameters
    ----------
    vert, totalspineseg
        The inputs; not changed.
    canal
        Boolean array, or None.
    naming
        The structures of TotalSpineSeg under the names they are to have.

    Attributes
    ----------
    array : numpy.ndarray
        uint8, values of the scheme ``spine``.
    decisions : list of Decision
        What was done so far.
    """

    def __init__(self, vert: LabelMap, totalspineseg: LabelMap, canal: np.ndarray | None, naming: Naming) -> None:
        self._vert, self._totalspineseg, self._canal = vert, totalspineseg, canal
        self._levels = naming.levels
        self._scheme = scheme("spine")
        self.array = np.zeros_like(vert.array, dtype=np.uint8)
        self.decisions: list[Decision] = []
        self._note_names(naming)

    def write_instances(self, placements: Sequence[Placement]) -> None:
        """Write whole instances with their one level, and split those that have several."""
        lookup = np.zeros(1 + max((p.instance.value for p in placements), default=0), dtype=np.uint8)
        for placement in placements:
            if len(placement.levels) == 1:
                lookup[placement.instance.value] = self._scheme.value_of(placement.levels[0])
        known = self._vert.array < lookup.size
        self.array = np.where(known, lookup[np.where(known, self._vert.array, 0)], 0).astype(np.uint8)
        for placement in placements:
            if len(placement.levels) > 1:
                self._write_split(placement)
            else:
                self._note_instance(placement)

    def write_endplates(self, endplates: Sequence[Instance]) -> None:
        """Give every endplate voxel to the nearest vertebra or sacrum: the plates of a disc have two owners."""
        bones = [entry.value for entry in self._scheme.of_kind("vertebra", "sacrum")]
        margin = margin_voxels(self._vert.geometry, ENDPLATE_REACH_MM)
        written = self.array.copy()
        for endplate in endplates:
            box = grow(endplate.box, margin, self.array.shape)
            mask = self._vert.array[box] == endplate.value
            seeds = np.where(np.isin(self.array[box], bones), self.array[box], 0)
            owners = nearest_label(seeds, mask, self._vert.geometry, ENDPLATE_REACH_MM)
            written[box][mask] = owners[mask]
            for value, voxels in _counts(owners[mask]):
                self.decisions.append(self._endplate_decision(endplate.value, voxels, value))
        self.array = written

    def fill(self) -> None:
        """Take what only TotalSpineSeg has, where the result is background and outside the canal."""
        free = self.array == 0
        if self._canal is not None:
            free &= ~self._canal
        done = set(np.unique(self.array).tolist())
        available = joint_histogram(self._totalspineseg.array, free.view(np.uint8))
        lookup = np.zeros(int(available.rows[-1]) + 1, dtype=np.uint8)
        for level in self._levels:
            if self._value_of(level) in done:
                continue
            decision = self._fill_decision(level, available.shared(level.value, 1))
            lookup[level.value] = decision.value or 0
            self.decisions.append(decision)
        for value in (int(v) for v in available.rows if int(v) not in self._totalspineseg.scheme and v):
            reason = f"The scheme {self._totalspineseg.scheme.name} has no such value."
            self.decisions.append(Decision("skipped", "totalspineseg", value, available.row_size(value), reason=reason))
        self.array = np.where(free, lookup[self._totalspineseg.array], self.array)

    def cut_canal(self) -> None:
        """Take the canal away, then the specks that this leaves of the structures it went through."""
        if self._canal is None:
            return
        inside = self._canal & (self.array != 0)
        self._note_removed("cut", inside, "Inside the canal.")
        touched = np.unique(self.array[inside]).tolist()
        self.array = np.where(inside, 0, self.array).astype(np.uint8)
        specks = self._specks(touched)
        self._note_removed("cleaned", specks, "Speck left by the canal cut.")
        self.array = np.where(specks, 0, self.array).astype(np.uint8)

    def _specks(self, values: Sequence[int]) -> np.ndarray:
        assert self._canal is not None
        specks = np.zeros(self.array.shape, dtype=bool)
        boxes = ndimage.find_objects(self.array)
        for value in values:
            box = boxes[value - 1] if value <= len(boxes) else None
            if box is None:
                continue
            box = grow(box, (1, 1, 1), self.array.shape)
            labels, sizes = label_components(self.array[box] == value)
            small = too_small(sizes, self._vert.geometry.voxel_volume, SPECK_MM3, SPECK_FRACTION)
            if small.any():
                beside = np.unique(labels[ndimage.binary_dilation(self._canal[box], np.ones((3, 3, 3)))])
                chosen = [n for n in beside if n and small[n - 1]]
                specks[box] |= np.isin(labels, chosen)
        return specks

    def _write_split(self, placement: Placement) -> None:
        instance, box = placement.instance, placement.instance.box
        mask = self._vert.array[box] == instance.value
        here = self._totalspineseg.array[box]
        seeds = np.zeros(mask.shape, dtype=np.uint8)
        for level in self._levels:
            if level.key in placement.levels:
                seeds[mask & (here == level.value)] = self._scheme.value_of(level.key)
        parts = nearest_label(seeds, mask, self._vert.geometry)
        self.array[box][mask] = parts[mask]
        for level in self._levels:
            if level.key in placement.levels:
                value, part = self._scheme.value_of(level.key), parts == self._scheme.value_of(level.key)
                voxels = int(np.count_nonzero(part))
                dice = 2 * np.count_nonzero(part & (here == level.value)) / (voxels + level.voxels)
                self.decisions.append(
                    Decision("split", "spineps", instance.value, voxels, level.key, value, dice, placement.reason)
                )

    def _fill_decision(self, level: Level, free_voxels: int) -> Decision:
        value = self._value_of(level)
        enough = free_voxels if level.key == "vertebra_C1" else free_voxels >= LEAST_FREE * level.voxels
        if value is None or not enough:
            reason = "Its place is taken by other structures or the canal."
            return Decision("skipped", "totalspineseg", level.value, level.voxels, level.key, reason=reason)
        reason = "SPINEPS has no instance of this level."
        return Decision("filled", "totalspineseg", level.value, free_voxels, level.key, value, reason=reason)

    def _endplate_decision(self, endplate: int, voxels: int, value: int) -> Decision:
        if value:
            reason = "Endplate, with the bone it touches."
            return Decision("joined", "spineps", endplate, voxels, self._key(value), value, None, reason)
        reason = f"No vertebra within {ENDPLATE_REACH_MM:g} mm of this endplate."
        return Decision("dropped", "spineps", endplate, voxels, reason=reason)

    def _note_names(self, naming: Naming) -> None:
        for level in naming.levels:
            old = self._totalspineseg.scheme[level.value].structure
            if old.key != level.key:
                value = self._value_of(level)
                reason = f"{naming.reason} It called this {old.name}."
                self.decisions.append(
                    Decision("relabelled", "totalspineseg", level.value, level.voxels, level.key, value, None, reason)
                )

    def _note_instance(self, placement: Placement) -> None:
        key = placement.levels[0] if placement.levels else None
        value = None if key is None else self._scheme.value_of(key)
        source, voxels = placement.instance.value, placement.instance.voxels
        self.decisions.append(
            Decision(placement.action, "spineps", source, voxels, key, value, placement.dice, placement.reason)
        )

    def _note_removed(self, action: Action, mask: np.ndarray, reason: str) -> None:
        lost = joint_histogram(self._vert.array[mask], self.array[mask])
        for row, column in zip(*np.nonzero(lost.voxels), strict=True):
            source, value, voxels = int(lost.rows[row]), int(lost.columns[column]), int(lost.voxels[row, column])
            if value:
                self.decisions.append(removal(action, source, value, voxels, self._key(value), reason))

    def _key(self, value: int) -> str:
        return self._scheme[value].structure.key

    def _value_of(self, level: Level) -> int | None:
        return self._scheme.value_of(level.key) if self._scheme.has(level.key) else None


def _counts(values: np.ndarray) -> list[tuple[int, int]]:
    present, voxels = np.unique(values, return_counts=True)
    return [(int(value), int(count)) for value, count in zip(present, voxels, strict=True)]
