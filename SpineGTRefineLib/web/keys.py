"""The keys of the page: those of every front, and what Slicer's segment editor has of its own in the panel."""

from __future__ import annotations

from ..review.keys import KEYS, Key

STATION_KEYS = (
    Key("tool:paint", "1", "Paint"),
    Key("tool:erase", "2", "Erase"),
    Key("tool:draw", "3", "Draw"),
    Key("tool:scissors", "4", "Scissors"),
    Key("tool:threshold", "5", "Threshold"),
    Key("tool:islands", "6", "Islands"),
    Key("tool:smoothing", "7", "Smoothing"),
    Key("tool:none", "Escape", "No tool: the mouse scrolls and pans"),
    Key("smallerBrush", "[", "Smaller brush"),
    Key("largerBrush", "]", "Larger brush"),
    Key("previousSlice", "Left", "Previous slice of the view under the mouse"),
    Key("nextSlice", "Right", "Next slice of the view under the mouse"),
    Key("fit", "R", "Show the whole image"),
    Key("undo", "Ctrl+Z", "Undo"),
    Key("redo", "Ctrl+Y", "Redo"),
    Key("verify", "V", "Vouch for the selected structure"),
    Key("previousStructure", "Q", "Previous structure"),
    Key("nextStructure", "W", "Next structure"),
)
"""Keys that only the page has to bring along."""


def all_keys() -> tuple[Key, ...]:
    """Return the keys of the page, in the order of the key sheet."""
    return (*KEYS, *STATION_KEYS)
