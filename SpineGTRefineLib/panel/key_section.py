"""Section Keys: the list behind ``?``."""

from __future__ import annotations

from .keys import keys
from .preferences import keyOf
from .section import Section, fillTable, stretchColumn


class KeySection(Section):
    """Lists the keys; hidden until it is asked for."""

    UI = "Keys.ui"

    def setUp(self) -> None:
        """Fill the list."""
        stretchColumn(self.ui.keyTable, 1)
        self.widget.setVisible(False)

    def toggle(self) -> None:
        """Show or hide the list."""
        fillTable(self.ui.keyTable, [(keyOf(key.name, key.sequence), key.text) for key in keys()])
        self.widget.setVisible(self.widget.isHidden())
