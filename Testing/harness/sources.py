"""Where the sources of Slicer and CTK are, for tests that use Slicer's own files: the environment variable says so."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "SLICER_SOURCE"
MARKS = {"Slicer": Path("CMake", "SlicerMacroBuildScriptedModule.cmake"), "CTK": Path("CMake", "UseCTK.cmake.in")}


def checkout(name: str) -> Path | None:
    """Return the checkout of ``Slicer`` or ``CTK``: the folder that the variable names, one in it, or one beside it.

    None where the variable is not set. A folder without the sources is an error: whoever set it wants them used.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    folder = Path(named).expanduser().resolve()
    for candidate in (folder, folder / name, folder.parent / name):
        if (candidate / MARKS[name]).is_file():
            return candidate
    raise FileNotFoundError(f"${VARIABLE} is {folder}, but there are no sources of {name} in it or beside it.")
