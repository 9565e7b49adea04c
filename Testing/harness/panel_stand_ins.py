"""The panel's widgets without Qt: named as in the ``.ui`` file, with only the members that the panel may use."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace


class Widget:
    """Base: a widget that can be switched off."""

    __slots__ = ("enabled",)

    def __init__(self):
        self.enabled = True


class Label(Widget):
    """A line of text."""

    __slots__ = ("text",)

    def __init__(self):
        super().__init__()
        self.text = ""


class LineEdit(Label):
    """A text that the user types."""

    __slots__ = ()


class Button(Label):
    """A button; ``click`` is the user's."""

    __slots__ = ("_clicked",)

    def connect(self, signal, slot):
        assert signal == "clicked(bool)"
        self._clicked = slot

    def click(self):
        assert self.enabled, "the user cannot press a button that is switched off"
        self._clicked(False)


class CheckBox(Widget):
    """A tick."""

    __slots__ = ("checked",)

    def __init__(self):
        super().__init__()
        self.checked = False


class ComboBox(Widget):
    """A list to choose from."""

    __slots__ = ("currentText", "items")

    def __init__(self):
        super().__init__()
        self.clear()

    def clear(self):
        self.items, self.currentText = [], ""

    def addItems(self, items):
        self.items += items
        self.currentText = self.currentText or self.items[0]


class PathLineEdit(Widget):
    """A path with a history."""

    __slots__ = ("currentPath",)

    def __init__(self):
        super().__init__()
        self.currentPath = ""

    def addCurrentPathToHistory(self):
        """Remember the path."""


CLASSES = {
    "QLabel": Label,
    "QLineEdit": LineEdit,
    "QPushButton": Button,
    "QCheckBox": CheckBox,
    "QComboBox": ComboBox,
    "ctkPathLineEdit": PathLineEdit,
}


def widgets_of(ui_file: Path) -> SimpleNamespace:
    """Make the widgets of a ``.ui`` file by object name, enabled and ticked as the file says."""
    result = SimpleNamespace()
    for element in ElementTree.parse(ui_file).iter("widget"):
        if element.get("class") in CLASSES:
            widget = CLASSES[element.get("class")]()
            for item in element.findall("property"):
                if item.get("name") == "enabled":
                    widget.enabled = item.findtext("bool") == "true"
            setattr(result, element.get("name"), widget)
    return result
