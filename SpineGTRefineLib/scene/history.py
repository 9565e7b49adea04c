"""Slicer's undo, behind one interface: that of the segment editor on screen, or one of our own."""

from __future__ import annotations

from typing import Protocol

import slicer

from .case import SceneCase

UNDO_STEPS = 10
"""Steps that can be undone; each keeps a copy of the whole segmentation."""


class History(Protocol):
    """Slicer's undo: that of the segment editor on screen, or one of our own."""

    def save_state(self) -> None:
        """Remember the segmentation as it is."""

    def undo(self) -> bool:
        """Go back one step; return whether there was one."""

    def redo(self) -> bool:
        """Go forward one step; return whether there was one."""


class SceneHistory:
    """Slicer's undo without a window.

    Parameters
    ----------
    case
        The case in the scene.
    """

    def __init__(self, case: SceneCase) -> None:
        self._history = slicer.vtkSegmentationHistory()
        self._history.SetMaximumNumberOfStates(UNDO_STEPS)
        self._history.SetSegmentation(case.segmentation.node.GetSegmentation())

    def save_state(self) -> None:
        """Remember the segmentation as it is."""
        self._history.SaveState()

    def undo(self) -> bool:
        """Go back one step."""
        return bool(self._history.IsRestorePreviousStateAvailable() and self._history.RestorePreviousState())

    def redo(self) -> bool:
        """Go forward one step."""
        return bool(self._history.IsRestoreNextStateAvailable() and self._history.RestoreNextState())
