"""What a rater vouches for: structures and slices that are right as they are. Kept in the sidecar for later training.

A mark holds only as long as the voxels that it was made for are unchanged; a later edit there makes it lapse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from ..errors import UsageError
from ..imaging import LabelMap

_STRUCTURES, _SLICES, _AXIS, _INDICES = "Structures", "Slices", "Axis", "Indices"


@dataclass(frozen=True)
class Verified:
    """Marks of one mask.

    Parameters
    ----------
    structures
        Structure key to a digest of its voxels.
    slices
        Axis of the file (0 to 2) and index to a digest of the slice.
    """

    structures: Mapping[str, bytes] = field(default_factory=dict)
    slices: Mapping[tuple[int, int], bytes] = field(default_factory=dict)

    def with_structures(self, labels: LabelMap, keys: Iterable[str]) -> Verified:
        """Vouch for structures as they are in ``labels``; also for their absence."""
        marks = {key: _digest_of_structure(labels, key) for key in keys}
        return replace(self, structures={**self.structures, **marks})

    def with_slices(self, labels: LabelMap, axis: int, indices: Iterable[int]) -> Verified:
        """Vouch for slices along an array axis as they are in ``labels``."""
        marks = {(axis, int(index)): _digest_of_slice(labels, axis, int(index)) for index in indices}
        return replace(self, slices={**self.slices, **marks})

    def without(self, keys: Iterable[str] = (), slices: Iterable[tuple[int, int]] = ()) -> Verified:
        """Take marks back."""
        keys, slices = set(keys), set(slices)
        return Verified(
            {key: mark for key, mark in self.structures.items() if key not in keys},
            {place: mark for place, mark in self.slices.items() if place not in slices},
        )

    def holding(self, labels: LabelMap) -> Verified:
        """Return the marks whose voxels in ``labels`` are still those that were vouched for."""
        return Verified(
            {key: mark for key, mark in self.structures.items() if _digest_of_structure(labels, key) == mark},
            {place: mark for place, mark in self.slices.items() if _digest_of_slice(labels, *place) == mark},
        )

    def as_json(self) -> dict[str, Any]:
        """Return the marks for a sidecar; empty where there are none."""
        content: dict[str, Any] = {}
        if self.structures:
            content[_STRUCTURES] = sorted(self.structures)
        if self.slices:
            axes = sorted({axis for axis, _ in self.slices})
            content[_SLICES] = [
                {_AXIS: axis, _INDICES: sorted(index for own, index in self.slices if own == axis)} for axis in axes
            ]
        return content

    @classmethod
    def from_json(cls, content: object, labels: LabelMap) -> Verified:
        """Read the marks of a sidecar that describes ``labels``; what makes no sense there is left out."""
        marks = cls()
        if not isinstance(content, dict):
            return marks
        keys = [key for key in _list(content.get(_STRUCTURES)) if isinstance(key, str) and labels.scheme.has(key)]
        marks = marks.with_structures(labels, keys)
        for entry in _list(content.get(_SLICES)):
            if isinstance(entry, dict) and entry.get(_AXIS) in (0, 1, 2):
                size = labels.geometry.shape[entry[_AXIS]]
                indices = [n for n in _list(entry.get(_INDICES)) if isinstance(n, int) and 0 <= n < size]
                marks = marks.with_slices(labels, entry[_AXIS], indices)
        return marks


def _digest_of_structure(labels: LabelMap, key: str) -> bytes:
    return _digest(np.packbits(labels.array == labels.scheme.value_of(key)))


def _digest_of_slice(labels: LabelMap, axis: int, index: int) -> bytes:
    size = labels.geometry.shape[axis]
    if not 0 <= index < size:
        raise UsageError(f"There is no slice {index} among the {size} slices of this axis.")
    return _digest(np.take(labels.array, index, axis).astype(np.int64))  # whatever integer type an editor uses


def _digest(array: np.ndarray) -> bytes:
    return blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).digest()


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
