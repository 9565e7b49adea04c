"""The program's slice views."""

from __future__ import annotations

import slicer


def fitViews() -> None:
    """Let the whole image be seen; without a main window there are no views."""
    manager = slicer.app.layoutManager()
    if manager is not None:
        for logic in manager.mrmlSliceLogics():
            logic.FitSliceToBackground()
