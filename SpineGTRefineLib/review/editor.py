"""Who holds the voxels while a mask is edited, behind one interface.

In Slicer and in the browser a segmentation node holds them (``scene``); without a window an array does. Whatever is
more than painting (a level shift, an adopted proposal) goes through :meth:`Editor.replace` and is one step to undo.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..errors import GeometryError, UsageError
from ..imaging import LabelMap

UNDO_STEPS = 100
"""Steps that can be undone. Each keeps only the voxels that it changed, compressed."""


class Editor(Protocol):
    """A mask under edit."""

    @property
    def revision(self) -> int:
        """Grows with every change, undo and redo included."""

    @property
    def state(self) -> str:
        """A text that is the same for the same voxels, however they came about."""

    def labels(self) -> LabelMap:
        """Return the voxels as they are now. The caller does not change them."""

    def rescued(self) -> LabelMap:
        """Return the voxels as far as they make a mask, for a draft, also where :meth:`labels` refuses them."""

    def replace(self, labels: LabelMap, what: str) -> None:
        """Make ``labels`` the current voxels, as one undo step described by ``what``."""

    @property
    def undo_text(self) -> str:
        """What :meth:`undo` would undo; "" if there is nothing."""

    @property
    def redo_text(self) -> str:
        """What :meth:`redo` would do again; "" if there is nothing."""

    def undo(self) -> str:
        """Undo the last step and return its description."""

    def redo(self) -> str:
        """Do the last undone step again and return its description."""


def fingerprint(labels: LabelMap) -> str:
    """Return a text that is the same for the same voxels, whatever integer type holds them."""
    array = labels.array
    ends = (np.min_scalar_type(int(end)) for end in (array.min(initial=0), array.max(initial=0)))
    narrow = np.ascontiguousarray(array.astype(np.result_type(*ends), copy=False))
    return hashlib.blake2b(narrow.data, digest_size=16).hexdigest()


def require_alike(labels: LabelMap, now: LabelMap) -> None:
    """Refuse voxels that cannot take the place of those under edit.

    Raises
    ------
    GeometryError
        They lie on another grid.
    UsageError
        They are in another label scheme.
    """
    if not labels.geometry.matches(now.geometry):
        raise GeometryError("The new voxels lie on another grid than the mask under edit.", "Resample them first.")
    if labels.scheme.name != now.scheme.name:
        raise UsageError(
            f"The new voxels are in scheme {labels.scheme.name!r}, the mask in {now.scheme.name!r}.",
            "Convert them first.",
        )


@dataclass(frozen=True)
class _Step:
    """The voxels that one step changed: their flat positions, values before and after, compressed."""

    what: str
    positions: bytes
    before: bytes
    after: bytes

    @classmethod
    def between(cls, before: np.ndarray, after: np.ndarray, what: str) -> _Step:
        positions = np.flatnonzero(before != after)
        # Neighbouring voxels change together, so distances compress far better than positions.
        distances = np.diff(positions, prepend=0).astype(np.int64)
        return cls(what, _pack(distances), _pack(before.flat[positions]), _pack(after.flat[positions]))

    def apply(self, array: np.ndarray, values: bytes) -> np.ndarray:
        positions = np.cumsum(np.frombuffer(zlib.decompress(self.positions), np.int64))
        changed = array.copy()
        changed.flat[positions] = np.frombuffer(zlib.decompress(values), array.dtype)
        return changed


class ArrayEditor:
    """An :class:`Editor` whose voxels are a numpy array.

    Parameters
    ----------
    labels
        The mask to start from; it is copied.
    """

    def __init__(self, labels: LabelMap) -> None:
        self._dtype = np.promote_types(labels.array.dtype, np.min_scalar_type(max(labels.scheme.values, default=0)))
        self._labels = labels.with_array(_frozen(labels.array.astype(self._dtype)))
        self._done: deque[_Step] = deque(maxlen=UNDO_STEPS)
        self._undone: list[_Step] = []
        self._revision = 0

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._revision

    @property
    def state(self) -> str:
        """A text that is the same for the same voxels."""
        return fingerprint(self._labels)

    def labels(self) -> LabelMap:
        """Return the current voxels (read-only)."""
        return self._labels

    def rescued(self) -> LabelMap:
        """Return the current voxels; an array always makes a mask."""
        return self._labels

    def replace(self, labels: LabelMap, what: str) -> None:
        """Make ``labels`` the current voxels; nothing happens if they are the same. See :func:`require_alike`."""
        require_alike(labels, self._labels)
        new = labels.array.astype(self._dtype)
        if np.array_equal(new, self._labels.array):
            return
        self._done.append(_Step.between(self._labels.array, new, what))
        self._undone.clear()
        self._set(new)

    @property
    def undo_text(self) -> str:
        """What :meth:`undo` would undo."""
        return self._done[-1].what if self._done else ""

    @property
    def redo_text(self) -> str:
        """What :meth:`redo` would do again."""
        return self._undone[-1].what if self._undone else ""

    def undo(self) -> str:
        """Undo the last step and return its description; "" if there is none."""
        if not self._done:
            return ""
        step = self._done.pop()
        self._undone.append(step)
        self._set(step.apply(self._labels.array, step.before))
        return step.what

    def redo(self) -> str:
        """Do the last undone step again and return its description; "" if there is none."""
        if not self._undone:
            return ""
        step = self._undone.pop()
        self._done.append(step)
        self._set(step.apply(self._labels.array, step.after))
        return step.what

    def _set(self, array: np.ndarray) -> None:
        self._labels = self._labels.with_array(_frozen(array))
        self._revision += 1


def _frozen(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


def _pack(values: np.ndarray) -> bytes:
    return zlib.compress(np.ascontiguousarray(values).tobytes(), 1)
