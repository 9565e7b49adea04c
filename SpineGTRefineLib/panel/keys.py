"""The keys of the panel: which there are, and when they act.

None of them is used by Slicer's main window, its slice views, or the segment editor and its effects; a test checks
that. They exist only while the module is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..review.keys import KEYS, Key
from .preferences import keyOf

TEXT_FIELDS = ("QLineEdit", "QPlainTextEdit", "QTextEdit", "QSpinBox", "QDoubleSpinBox", "QComboBox")
"""Widgets that need letters for themselves."""


def keys() -> tuple[Key, ...]:
    """Return all keys, in the order of the key sheet, in the user's language."""
    return tuple(replace(key, text=_(key.text)) for key in KEYS)


class Shortcuts:
    """Installs the keys when the module is entered and removes them when it is left.

    Parameters
    ----------
    acts
        What each key does, by its name.
    """

    def __init__(self, acts: Mapping[str, Callable[[], None]]) -> None:
        self._acts = acts
        self._installed: list[Any] = []

    def install(self) -> None:
        """Take the keys."""
        self.remove()
        window = slicer.util.mainWindow()
        if window is None:
            return
        for key in keys():
            for sequence in _variants(keyOf(key.name, key.sequence)):
                shortcut = qt.QShortcut(qt.QKeySequence(sequence), window)
                shortcut.autoRepeat = key.repeats
                shortcut.connect("activated()", _unlessTyping(sequence, self._acts[key.name]))
                self._installed.append(shortcut)

    def remove(self) -> None:
        """Give the keys back."""
        for shortcut in self._installed:
            shortcut.setEnabled(False)
            shortcut.setParent(None)
        self._installed.clear()


def _variants(sequence: str) -> tuple[str, ...]:
    """Return and the Enter of the keypad are two keys for Qt and one for people."""
    return (sequence, sequence.replace("Return", "Enter")) if "Return" in sequence else (sequence,)


def _isText(sequence: str) -> bool:
    """Whether a field that has the focus would write this key."""
    return not any(modifier in sequence for modifier in ("Ctrl+", "Alt+", "Meta+"))


def _unlessTyping(sequence: str, act: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        focused = qt.QApplication.focusWidget()
        isTyping = focused is not None and any(focused.inherits(name) for name in TEXT_FIELDS)
        if not (isTyping and _isText(sequence)):
            act()

    return run
