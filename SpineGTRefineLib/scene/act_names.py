"""What a step of Slicer's undo was: Slicer keeps the voxels of each step, but not what was done."""

from __future__ import annotations

import hashlib

import numpy as np

from ..imaging import LabelMap

PAINTED = "the last stroke"
"""Undo text of what was done with Slicer's own tools."""


def fingerprint(labels: LabelMap) -> str:
    """Return a text that differs for different voxels."""
    return hashlib.sha256(labels.array.astype(np.uint16).tobytes(order="F")).hexdigest()


class ActNames:
    """Names the steps of an undo history that strokes and acts share.

    One stroke may be told by several events, and Slicer's own undo tells nothing, so steps cannot be counted. An act is
    known by the voxels before and after it instead; whatever else moves the history is a stroke.

    Parameters
    ----------
    start
        Fingerprint of the voxels at the start.

    Attributes
    ----------
    undo_text, redo_text : str
        What undo would take back, and redo do again; "" for nothing.
    is_newest : bool
        Whether nothing was undone or done again since the last stroke or act.
    """

    def __init__(self, start: str) -> None:
        self._start = start
        self._names: dict[tuple[str, str], str] = {}
        self._undone = 0
        self.is_newest = True
        self.undo_text = ""
        self.redo_text = ""

    def act(self, what: str, before: str, after: str) -> None:
        """Take down an act that led from some voxels to others."""
        self._names.pop((before, after), None)  # the latest stands last
        self._names[before, after] = what
        self._now(undo_text=what, undone=0)
        self.is_newest = True

    def painted(self) -> None:
        """Take down that something was done with Slicer's own tools."""
        self._now(undo_text=PAINTED, undone=0)
        self.is_newest = True

    def undone(self, before: str, after: str) -> str:
        """Name the step that was just undone, by the voxels before and after the undoing."""
        name = self._names.get((after, before), PAINTED)
        self.is_newest = False
        leading_here = (what for (_, to), what in reversed(self._names.items()) if to == after)
        self._now(undo_text=next(leading_here, "" if after == self._start else PAINTED), undone=self._undone + 1)
        self.redo_text = name
        return name

    def redone(self, before: str, after: str) -> str:
        """Name the step that was just done again, by the voxels before and after it."""
        name = self._names.get((before, after), PAINTED)
        self.is_newest = False
        self._now(undo_text=name, undone=max(self._undone - 1, 0))
        if self._undone:
            leading_on = (what for (origin, _), what in reversed(self._names.items()) if origin == after)
            self.redo_text = next(leading_on, PAINTED)
        return name

    def _now(self, undo_text: str, undone: int) -> None:
        self.undo_text, self.redo_text, self._undone = undo_text, "", undone
