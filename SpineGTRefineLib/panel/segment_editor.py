"""Slicer's segment editor, embedded: its own parameter node, its life cycle, its undo."""

from __future__ import annotations

from typing import Any

import slicer

from ..scene import SceneCase

TAG = "SpineGTRefine"
"""Singleton tag of our own parameter node, so that the module Segment Editor keeps its own."""

UNDO_STATES = 10
"""More would fill the memory: each state is a copy of all segments."""

EFFECTS = (
    *("Paint", "Draw", "Erase", "Level tracing", "Threshold", "Grow from seeds"),
    *("Fill between slices", "Scissors", "Islands", "Smoothing", "Margin", "Logical operators"),
)


class SegmentEditor:
    """Wraps a ``qMRMLSegmentEditorWidget``.

    Parameters
    ----------
    widget
        The widget of the ``.ui`` file.
    scene
        The ``vtkMRMLScene``.
    """

    def __init__(self, widget: Any, scene: Any) -> None:
        self.widget = widget
        self._scene = scene
        widget.maximumNumberOfUndoStates = UNDO_STATES
        self._ensureNode()
        # Only now: with a scene and no node the widget would take the one of the module Segment Editor.
        widget.setMRMLScene(scene)
        widget.segmentationNodeSelectorVisible = False
        widget.sourceVolumeNodeSelectorVisible = False
        widget.switchToSegmentationsButtonVisible = False
        widget.specifyGeometryButtonVisible = False
        # Structures are added by their label; a freely added segment could not be saved.
        widget.addRemoveSegmentButtonsVisible = False
        widget.setEffectNameOrder(EFFECTS)
        widget.unorderedEffectsVisible = False
        widget.effectColumnCount = 4
        widget.jumpToSelectedSegmentEnabled = False

    def show(self, case: SceneCase, *, readOnly: bool) -> None:
        """Edit a case."""
        self._ensureNode()
        self.widget.setSegmentationNode(case.segmentation.node)
        self.widget.setSourceVolumeNode(case.volume)
        self.setReadOnly(readOnly=readOnly)

    def setReadOnly(self, *, readOnly: bool) -> None:
        """Allow to look only."""
        if readOnly:
            self.widget.setActiveEffect(None)
        self.widget.readOnly = readOnly

    def clear(self) -> None:
        """Let go of the case."""
        self.widget.setActiveEffect(None)
        self.widget.setSegmentationNode(None)
        self.widget.setSourceVolumeNode(None)
        self.widget.removeViewObservations()

    def enter(self) -> None:
        """Take the keys and listen to the views."""
        self._ensureNode()
        self.widget.setupViewObservations()
        self.widget.installKeyboardShortcuts()
        self.widget.updateWidgetFromMRML()

    def exit(self) -> None:
        """Give the keys and the views back."""
        self.widget.setActiveEffect(None)
        self.widget.uninstallKeyboardShortcuts()
        self.widget.removeViewObservations()

    def toggleSphere(self) -> bool:
        """Switch between a brush in the slice and a ball; return whether it is a ball now."""
        paint = self.widget.effectByName("Paint")
        isSphere = not paint.integerParameter("BrushSphere")
        for name in ("Paint", "Erase"):
            self.widget.effectByName(name).setCommonParameter("BrushSphere", int(isSphere))
        return isSphere

    def _ensureNode(self) -> None:
        """Make the node where it is missing: closing a scene removes it."""
        node = self._scene.GetSingletonNode(TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = self._scene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)  # the scene holds it from here on
            node.SetSingletonTag(TAG)
            node = self._scene.AddNode(node)
            node.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
        if self.widget.mrmlSegmentEditorNode() is not node:
            self.widget.setMRMLSegmentEditorNode(node)


class WidgetHistory:
    """The undo of the embedded editor, for acts that are not painted: one list of steps for everything.

    Parameters
    ----------
    widget
        The editor.
    case
        Whose segmentation it edits.
    """

    def __init__(self, widget: Any, case: SceneCase) -> None:
        self._widget = widget
        self._segmentation = case.segmentation.node.GetSegmentation()

    def save_state(self) -> None:
        """Remember the segmentation as it is."""
        self._widget.saveStateForUndo()

    def undo(self) -> bool:
        """Go back one step; return whether there was one."""
        return self._changed(self._widget.undo)

    def redo(self) -> bool:
        """Go forward one step; return whether there was one."""
        return self._changed(self._widget.redo)

    def _changed(self, move: Any) -> bool:
        changes: list[str] = []
        kind = slicer.vtkSegmentation
        events = (kind.SourceRepresentationModified, kind.SegmentAdded, kind.SegmentRemoved, kind.SegmentModified)
        tags = [self._segmentation.AddObserver(event, lambda *_: changes.append("")) for event in events]
        try:
            move()
        finally:
            for tag in tags:
                self._segmentation.RemoveObserver(tag)
        return bool(changes)
