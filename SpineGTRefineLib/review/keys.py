"""The keys of every front, in one map: what a hand has learned in the panel holds in the browser."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """One act that has a key.

    Parameters
    ----------
    name
        Of the act.
    sequence
        The usual key; the user may choose another.
    text
        What it does.
    browser
        The key in a browser, where browsers keep the usual one for themselves; "" where they do not.
    repeats
        Whether it acts again and again while it is held down. What judges a mask does not: the next one would be
        accepted before anybody has seen it.
    """

    name: str
    sequence: str
    text: str
    browser: str = ""
    repeats: bool = True

    @property
    def in_browser(self) -> str:
        """The key that a page can have."""
        return self.browser or self.sequence


KEYS = (
    Key("saveAndNext", "Ctrl+Return", "Save and next", repeats=False),
    Key("flagAndNext", "Ctrl+Shift+Return", "Flag and next", repeats=False),
    Key("nextCase", "Ctrl+N", "Next mask", "Alt+N"),
    Key("previousCase", "Ctrl+P", "Previous mask", "Alt+P"),
    Key("nextToDo", "Ctrl+Shift+N", "Next mask to do", "Alt+Shift+N"),
    Key("previousToDo", "Ctrl+Shift+P", "Previous mask to do", "Alt+Shift+P"),
    Key("nextProblem", "N", "Next problem"),
    Key("previousProblem", "P", "Previous problem"),
    Key("jump", "J", "Go to the selected structure"),
    Key("run", "M", "Run the chosen model"),
    Key("draft", "Ctrl+Shift+D", "Keep a draft now", "Alt+D"),
    Key("blink", "K", "Show the compared version, or the mask"),
    Key("outline", "O", "Outlines or filled masks"),
    Key("hide", "H", "Hide or show all masks"),
    Key("sphere", "S", "Flat brush or ball"),
    Key("shiftUp", "U", "Shift levels up from the selected vertebra"),
    Key("shiftDown", "L", "Shift levels down from the selected vertebra"),
    Key("copyBefore", "D", "Copy the selected structure from the slice before"),
    Key("copyAfter", "Shift+D", "Copy the selected structure from the slice after"),
    Key("vouchSlice", "E", "Vouch for the slice on screen, or take that back"),
    Key("note", "C", "Write a note"),
    Key("keys", "?", "Show or hide this list"),
)
"""All keys, in the order of the key sheet. None is used by Slicer itself; a test checks that."""
