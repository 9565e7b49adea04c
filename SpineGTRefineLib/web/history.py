"""One list of steps for all that happens: strokes of trame-slicer's tools and our own acts."""

from __future__ import annotations

from typing import Any

from trame_slicer.segmentation.segmentation_state_stack import SegmentationStateStack
from undo_stack import UndoCommand, UndoStack

UNDO_STEPS = 20
"""Each keeps two copies of the segmentation."""


class OwnAct(UndoCommand):
    """An act of ours: what was before is kept at once, what is after when it is undone.

    Parameters
    ----------
    segmentation
        The ``vtkSegmentation`` as it is before the act.
    """

    def __init__(self, segmentation: Any) -> None:
        super().__init__()
        self._states = SegmentationStateStack(segmentation, max_size=2)
        self._states.save_state()

    def undo(self) -> None:
        """Restore what was before."""
        if len(self._states) == 1:
            self._states.save_state()
        self._states.restore_previous()

    def redo(self) -> None:
        """Restore what was after; nothing happens before the first undo."""
        self._states.restore_next()


class StationHistory:
    """Undo of the open case (see ``scene.editor.History``).

    Parameters
    ----------
    stack
        The stack that trame-slicer's tools push their strokes on.
    segmentation
        The ``vtkSegmentation`` under edit.
    """

    def __init__(self, stack: UndoStack, segmentation: Any) -> None:
        self._stack = stack
        self._segmentation = segmentation

    def save_state(self) -> None:
        """Remember the segmentation as it is, before an act of ours."""
        self._stack.push(OwnAct(self._segmentation))

    def undo(self) -> bool:
        """Go back one step; return whether there was one."""
        can = bool(self._stack.can_undo())
        if can:
            self._stack.undo()
        return can

    def redo(self) -> bool:
        """Go forward one step; return whether there was one."""
        can = bool(self._stack.can_redo())
        if can:
            self._stack.redo()
        return can
