"""What all sections of the panel have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer

from ..errors import RefineError
from .workspace import Workspace

LoadUi = Callable[[str], Any]
"""Loads a ``.ui`` file of the module by its name."""

ROW_HEIGHT = 22


class Section:
    """One part of the panel: the widgets of a ``.ui`` file, wired to the workspace.

    Parameters
    ----------
    workspace
        What the sections share.
    loadUi
        Loads the file :attr:`UI`.
    """

    UI = ""

    def __init__(self, workspace: Workspace, loadUi: LoadUi) -> None:
        self.workspace = workspace
        self.widget = loadUi(self.UI)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.setUp()

    def setUp(self) -> None:
        """Connect the widgets."""
        raise NotImplementedError

    def enter(self) -> None:
        """Begin a visit to the module."""

    def exit(self) -> None:
        """End a visit to the module."""

    def onClick(self, button: Any, action: Callable[[], None]) -> None:
        """Let a button do something; what goes wrong is said in the status line, never in a box."""
        button.connect("clicked(bool)", lambda *_: self.attempt(action))

    def attempt(self, action: Callable[[], None]) -> bool:
        """Do something; return whether it went well."""
        try:
            action()
        except RefineError as error:
            self.workspace.say("error", str(error))
            return False
        return True


def fillTable(table: Any, rows: Sequence[Sequence[str]]) -> None:
    """Show rows of text in a table."""
    table.blockSignals(True)
    table.setRowCount(len(rows))
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            table.setItem(r, c, qt.QTableWidgetItem(text))
    table.blockSignals(False)


def stretchColumn(table: Any, column: int) -> None:
    """Let one column of a table take the room that the others leave."""
    header = table.horizontalHeader()
    for each in range(table.columnCount):
        mode = qt.QHeaderView.Stretch if each == column else qt.QHeaderView.ResizeToContents
        header.setSectionResizeMode(each, mode)
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
