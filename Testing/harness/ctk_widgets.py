"""Stand-ins for widgets of CTK: our own code, with only what ``api.csv`` lists and what panels rely on."""

from __future__ import annotations

import types

from offered import stand_in
from PySide6.QtCore import Property, Qt, Signal
from pythonqt import qt, register

HEADER_HEIGHT = 24


@register
@stand_in
class ctkCollapsibleButton(qt.QWidget):
    """A titled part of a panel that folds."""

    contentsCollapsed = Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._text, self._is_collapsed, self._hidden = "", False, []
        self.setContentsMargins(0, HEADER_HEIGHT, 0, 0)

    def _set_text(self, text):
        self._text = text
        self.update()

    def _set_collapsed(self, collapsed):
        if collapsed == self._is_collapsed:
            return
        self._is_collapsed = collapsed
        children = [child for child in self.children() if isinstance(child, qt.QWidget)]
        if collapsed:  # what is hidden for reasons of its own stays so when the part unfolds
            self._hidden = [child for child in children if child.isHidden()]
        for child in children:
            child.setVisible(not collapsed and child not in self._hidden)
        self.setMaximumHeight(HEADER_HEIGHT + 2 if collapsed else 16777215)
        self.contentsCollapsed.emit(collapsed)

    text = Property(str, lambda self: self._text, _set_text)
    collapsed = Property(bool, lambda self: self._is_collapsed, _set_collapsed, notify=contentsCollapsed)

    def mousePressEvent(self, event):
        """Fold by a click on the title."""
        if event.position().y() < HEADER_HEIGHT:
            self._set_collapsed(not self._is_collapsed)

    def paintEvent(self, event):
        """Draw the title."""
        painter = qt.QPainter(self)
        bar = qt.QRect(0, 1, self.width, HEADER_HEIGHT - 4)
        painter.fillRect(bar, self.palette.color(qt.QPalette.Button).darker(108))
        arrow = "\u25b8" if self._is_collapsed else "\u25be"
        painter.drawText(bar.adjusted(6, 0, 0, 0), Qt.AlignVCenter, f"{arrow}  {self._text}")


@register
@stand_in
class ctkPathLineEdit(qt.QWidget):
    """A path with a button to browse."""

    currentPathChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        row = qt.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._edit, self._button = qt.QLineEdit(), qt.QToolButton()
        self._button.setText("\u2026")
        row.addWidget(self._edit)
        row.addWidget(self._button)
        self._edit.textChanged.connect(self.currentPathChanged.emit)
        self._filters, self._key, self._history = 0, "", []

    def addCurrentPathToHistory(self):
        """Remember the path."""
        self._history.append(self._edit.text)

    currentPath = Property(str, lambda self: self._edit.text, lambda self, path: self._edit.setText(path))
    settingKey = Property(str, lambda self: self._key, lambda self, key: setattr(self, "_key", key))
    filters = Property(int, lambda self: self._filters, lambda self, value: setattr(self, "_filters", value))


@register
@stand_in
class ctkSettingsPanel(qt.QWidget):
    """A page of the settings dialog."""

    def registerProperty(self, key, widget, prop, signal, label=None, options=None, settings=None):
        """Keep a widget's property in the settings."""
        if widget.metaObject().indexOfProperty(prop) < 0:
            raise AttributeError(f"{widget.className()} has no property {prop!r}")
        stored = qt.QSettings()
        if stored.contains(key):
            widget.setProperty(prop, stored.value(key))
        widget.connect(signal.lstrip("2"), lambda *_: qt.QSettings().setValue(key, widget.property(prop)))


@stand_in
class ctkSettingsDialog(qt.QDialog):
    """The settings dialog of the program."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._panels = {}

    def addPanel(self, label, panel):
        """Add a page."""
        self._panels[label] = panel


def make_module() -> types.ModuleType:
    """Return the module ``ctk``."""
    ctk = types.ModuleType("ctk")
    for cls in (ctkCollapsibleButton, ctkPathLineEdit, ctkSettingsPanel, ctkSettingsDialog):
        setattr(ctk, cls.__name__, cls)
    return ctk
