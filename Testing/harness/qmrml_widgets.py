"""Stand-ins for Slicer's MRML widgets: our own code, with only what ``api.csv`` lists.

The segment editor edits nothing by mouse. Its table, current segment, undo and redo are Slicer's own editor logic.
"""

from __future__ import annotations

import slicer
from offered import stand_in
from PySide6.QtCore import Property, Signal
from pythonqt import qt, register

EFFECTS = (
    *("Paint", "Draw", "Erase", "Level tracing", "Grow from seeds", "Fill between slices", "Threshold"),
    *("Margin", "Hollow", "Smoothing", "Scissors", "Islands", "Logical operators", "Mask volume"),
)
EDITOR_KEYS = (*"0123456789", "Esc", "Space", "Z", "Ctrl+Z", "Y", "Ctrl+Y", "Q", "W", "I", "*", ",", ".", "<", ">")
"""Keys that Slicer's segment editor takes while its shortcuts are installed."""


@register
@stand_in
class qMRMLWidget(qt.QWidget):
    """A widget that knows the scene and hands it to the MRML widgets in it, as ``.ui`` connections do."""

    _scene = None

    def setMRMLScene(self, scene):
        """Hand the scene on."""
        self._scene = scene
        for child in self.findChildren(qt.QWidget):
            if isinstance(child, (qMRMLSegmentEditorWidget, qMRMLNodeComboBox)):
                child.setMRMLScene(scene)

    def mrmlScene(self):
        """Return the scene."""
        return self._scene


@register
@stand_in
class qMRMLNodeComboBox(qt.QComboBox):
    """Chooses a node of the scene."""

    currentNodeIDChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._node_types, self._none, self._ids, self._scene, self._flags = [], False, [], None, {}
        self.currentIndexChanged.connect(lambda *_: self.currentNodeIDChanged.emit(self._id()))

    def setMRMLScene(self, scene):
        """Follow the scene's nodes."""
        if scene is self._scene or scene is None:
            return
        self._scene = scene
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent):
            scene.AddObserver(event, self._fill)
        self._fill()

    def currentNode(self):
        """Return the chosen node or None."""
        return self._scene.GetNodeByID(self._id()) if self._scene and self._id() else None

    def setCurrentNode(self, node):
        """Choose a node."""
        wanted = node.GetID() if node is not None else ""
        self.setCurrentIndex(self._ids.index(wanted) if wanted in self._ids else -1)

    def _id(self):
        index = self.property("currentIndex")
        return self._ids[index] if 0 <= index < len(self._ids) else ""

    def _fill(self, *_):
        chosen = self._id()
        scene = self._scene
        count = scene.GetNumberOfNodesByClass
        nodes = [scene.GetNthNodeByClass(i, name) for name in self._node_types for i in range(count(name))]
        shown = [node for node in nodes if not node.GetHideFromEditors()]
        ids = ([""] if self._none else []) + [node.GetID() for node in shown]
        self.blockSignals(True)
        self.clear()
        self._ids = ids
        self.addItems((["None"] if self._none else []) + [node.GetName() for node in shown])
        self.setCurrentIndex(ids.index(chosen) if chosen in ids else -1)
        self.blockSignals(False)

    def _flag(name):  # noqa: N805
        return Property(
            bool, lambda self: self._flags.get(name, True), lambda self, value: self._flags.__setitem__(name, value)
        )

    nodeTypes = Property("QStringList", lambda self: self._node_types, lambda s, v: setattr(s, "_node_types", list(v)))
    noneEnabled = Property(bool, lambda self: self._none, lambda self, value: setattr(self, "_none", value))
    addEnabled, removeEnabled, renameEnabled = _flag("add"), _flag("remove"), _flag("rename")


class _Effect:
    """An effect that can be chosen; it does nothing."""

    def __init__(self, name):
        self.name, self._parameters = name, {}

    def setCommonParameter(self, name, value):
        """Set what several effects share, such as the brush."""
        self._parameters[name] = str(value)

    def integerParameter(self, name):
        """Return a parameter as a number."""
        return int(self._parameters.get(name, 0))


def _switch(name, default):
    key = f"_{name}"

    def fset(self, value):
        setattr(self, key, value)
        self._show_options()

    return Property(type(default), lambda self: getattr(self, key, default), fset)


@register
@stand_in
class qMRMLSegmentEditorWidget(qt.QFrame):
    """The segment editor: its life cycle, table and history."""

    currentSegmentIDChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._logic = slicer.vtkSlicerSegmentEditorLogic()
        self._history = slicer.vtkSegmentationHistory()
        self._logic.SetSegmentationHistory(self._history)
        self._scene = self._node = self._segmentation = self._volume = self._effect = None
        self._effects = {name: _Effect(name) for name in EFFECTS}
        self._order, self._ids, self._shortcuts, self._observes_views = list(EFFECTS), [], [], False
        self._lay_out()

    # The life cycle

    def setMRMLScene(self, scene):
        """Follow a scene. Slicer's picks a node of its own if it was given none before."""
        if scene is None or scene is self._scene:
            return
        if self._node is None:
            raise AssertionError("setMRMLSegmentEditorNode must come before setMRMLScene (it would make a second node)")
        self._scene = scene
        self._logic.SetMRMLScene(scene)

    def setMRMLSegmentEditorNode(self, node):
        """Use this parameter node."""
        self._node = node
        self._logic.SetSegmentEditorNode(node)

    def mrmlSegmentEditorNode(self):
        """Return the parameter node."""
        return self._node

    def setSegmentationNode(self, node):
        """Edit this segmentation."""
        if node is not None and (self._node is None or self._scene is None):
            raise AssertionError("The editor needs its node and the scene first")
        if node is self._segmentation:
            return
        self._segmentation = node
        if self._node is not None:
            self._logic.SetSegmentationNode(node)
        self._history.RemoveAllStates()
        self.updateWidgetFromMRML()

    def segmentationNode(self):
        """Return the segmentation."""
        return self._segmentation

    def setSourceVolumeNode(self, node):
        """Take the intensities from this volume."""
        if node is not None and self._segmentation is None:
            raise AssertionError("setSegmentationNode must come before setSourceVolumeNode")
        self._volume = node
        if self._node is not None:
            self._logic.SetSourceVolumeNode(node)

    def sourceVolumeNode(self):
        """Return the volume."""
        return self._volume

    def installKeyboardShortcuts(self, parent=None):
        """Take the keys."""
        self.uninstallKeyboardShortcuts()
        window = parent or slicer.util.mainWindow()
        for key in EDITOR_KEYS:
            shortcut = qt.QShortcut(qt.QKeySequence(key), window)
            if key in ("Z", "Ctrl+Z", "Y", "Ctrl+Y"):
                shortcut.connect("activated()", self.undo if "Z" in key else self.redo)
            self._shortcuts.append(shortcut)

    def uninstallKeyboardShortcuts(self):
        """Give the keys back."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.setParent(None)
        self._shortcuts = []

    def setupViewObservations(self):
        """Listen to the views."""
        self._observes_views = True

    def removeViewObservations(self):
        """Stop listening."""
        self._observes_views = False

    def updateWidgetFromMRML(self):
        """Show what the nodes say."""
        chosen = self.currentSegmentID()
        segmentation = self._segmentation.GetSegmentation() if self._segmentation else None
        self._ids = list(segmentation.GetSegmentIDs()) if segmentation else []
        self._table.blockSignals(True)
        self._table.clear()
        for segment_id in self._ids:
            segment = segmentation.GetSegment(segment_id)
            item = qt.QListWidgetItem(_swatch(segment.GetColor()), segment.GetName())
            self._table.addItem(item)
        self._table.blockSignals(False)
        if self._ids:
            self.setCurrentSegmentID(chosen if chosen in self._ids else self._ids[0])

    # Segments and effects

    def setCurrentSegmentID(self, segment_id):
        """Select a segment."""
        if segment_id in self._ids:
            self._table.setCurrentRow(self._ids.index(segment_id))
            self._on_row(self._ids.index(segment_id))
            self._table.scrollToItem(self._table.currentItem())

    def currentSegmentID(self):
        """Return the selected segment."""
        return self._node.GetSelectedSegmentID() or "" if self._node else ""

    def _on_row(self, row):
        if 0 <= row < len(self._ids) and self._ids[row] != self._node.GetSelectedSegmentID():
            self._logic.SetCurrentSegmentID(self._ids[row])
            self.currentSegmentIDChanged.emit(self._ids[row])

    def setActiveEffectByName(self, name):
        """Choose a tool; an empty name for none."""
        self._effect = self._effects[name] if name else None
        for button in self._buttons:
            button.setChecked(button.toolTip == name)

    def setActiveEffect(self, effect):
        """Choose a tool; None for none."""
        self.setActiveEffectByName(effect.name if effect else "")

    def activeEffect(self):
        """Return the tool."""
        return self._effect

    def effectByName(self, name):
        """Return a tool, None if there is no such."""
        return self._effects.get(name)

    def setEffectNameOrder(self, names):
        """Show these tools, in this order."""
        if unknown := set(names) - set(EFFECTS):
            raise AssertionError(f"There are no such effects: {sorted(unknown)}")
        self._order = list(names)
        self._show_options()

    # History

    def saveStateForUndo(self):
        """Remember the segmentation as it is."""
        self._logic.SaveStateForUndo()

    def undo(self):
        """Go back one step."""
        if self._logic.CanUndo():
            self._logic.Undo()

    def redo(self):
        """Go forward one step."""
        if self._logic.CanRedo():
            self._logic.Redo()

    # Looks

    segmentationNodeSelectorVisible = _switch("segmentation_selector", True)
    sourceVolumeNodeSelectorVisible = _switch("volume_selector", True)
    switchToSegmentationsButtonVisible = _switch("switch_button", True)
    addRemoveSegmentButtonsVisible = _switch("add_remove", True)
    specifyGeometryButtonVisible = _switch("geometry_button", True)
    unorderedEffectsVisible = _switch("unordered", True)
    jumpToSelectedSegmentEnabled = _switch("jump", False)
    readOnly = _switch("read_only", False)
    effectColumnCount = _switch("columns", 3)
    maximumNumberOfUndoStates = Property(
        int,
        lambda self: self._logic.GetMaximumNumberOfUndoStates(),
        lambda self, count: self._logic.SetMaximumNumberOfUndoStates(count),
    )

    def _lay_out(self):
        column = qt.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._table = qt.QListWidget()
        self._table.setMinimumHeight(110)
        self._table.currentRowChanged.connect(self._on_row)
        column.addWidget(self._table)
        self._grid = qt.QGridLayout()
        self._grid.setSpacing(2)
        column.addLayout(self._grid)
        self._buttons = []
        self._show_options()

    def _show_options(self):
        if not hasattr(self, "_grid"):
            return
        for button in self._buttons:
            button.setParent(None)
        names = [
            *self._order,
            *(n for n in EFFECTS if n not in self._order and self.property("unorderedEffectsVisible")),
        ]
        self._buttons = []
        columns = self.property("effectColumnCount") or 3
        for place, name in enumerate(names):
            button = qt.QToolButton()
            button.setText(name)
            button.setToolTip(name)
            button.setCheckable(True)
            button.setEnabled(not self.property("readOnly"))
            button.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
            self._grid.addWidget(button, place // columns, place % columns)
            self._buttons.append(button)


def _swatch(color):
    picture = qt.QPixmap(14, 14)
    picture.fill(qt.QColor.fromRgbF(*color))
    return qt.QIcon(picture)


CLASSES = (qMRMLWidget, qMRMLNodeComboBox, qMRMLSegmentEditorWidget)
