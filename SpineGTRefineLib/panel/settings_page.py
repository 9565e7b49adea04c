"""A page in Slicer's application settings: what is chosen once, not for every case."""

from __future__ import annotations

from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from .keys import keys
from .model_section import DEVICES
from .preferences import GROUP, keyOf, setKey
from .section import LoadUi


class SettingsPage:
    """The page of the module.

    Parameters
    ----------
    loadUi
        Loads ``Settings.ui``.
    """

    def __init__(self, loadUi: LoadUi) -> None:
        self._panel = ctk.ctkSettingsPanel()
        widget = loadUi("Settings.ui")
        qt.QVBoxLayout(self._panel).addWidget(widget)
        self.ui: Any = slicer.util.childWidgetVariables(widget)
        self.ui.deviceSettingCombo.clear()
        self.ui.deviceSettingCombo.addItems(DEVICES)
        self._keep("runAhead", self.ui.runAheadCheck, "checked", "toggled(bool)")
        self._keep("device", self.ui.deviceSettingCombo, "currentText", "currentTextChanged(QString)")
        self.ui.keyCombo.addItems([key.text for key in keys()])
        self.ui.keyCombo.connect("currentIndexChanged(int)", self.onKeyChosen)
        self.ui.keyButton.connect("clicked(bool)", self.onChange)
        self.onKeyChosen(0)

    def addTo(self, dialog: Any) -> None:
        """Add the page to the dialog of the application settings, once in the life of the program."""
        if not dialog.property(GROUP):
            dialog.setProperty(GROUP, True)
            dialog.addPanel(GROUP, self._panel)

    def onKeyChosen(self, index: int) -> None:
        """Show the key of an act."""
        key = keys()[index]
        self.ui.keyEdit.text = keyOf(key.name, key.sequence)
        self.ui.keyMessage.text = ""

    def onChange(self, *_arguments: object) -> None:
        """Use another key, if it is a key and no other act has it."""
        key = keys()[self.ui.keyCombo.currentIndex]
        sequence = qt.QKeySequence(self.ui.keyEdit.text).toString()
        taken = [other.text for other in keys() if other != key and keyOf(other.name, other.sequence) == sequence]
        if not sequence:
            self.ui.keyMessage.text = _("This is no key.")
        elif taken:
            self.ui.keyMessage.text = _("This key is taken: {act}.").format(act=taken[0])
        else:
            setKey(key.name, sequence)
            self.ui.keyMessage.text = _("Used from the next visit to the module.")

    def _keep(self, name: str, widget: Any, prop: str, signal: str) -> None:
        self._panel.registerProperty(f"{GROUP}/{name}", widget, prop, str(qt.SIGNAL(signal)))
