"""The only locator of data files: label schemes, model cards, recipes.

The same folder ``Resources`` lies beside the package in a checkout and in a Slicer install tree
(``qt-scripted-modules/{SpineGTRefineLib,Resources}``); in a wheel it is carried inside the package.
"""

from __future__ import annotations

from pathlib import Path

from .errors import MissingFileError

_PACKAGE = Path(__file__).resolve().parent
_CANDIDATES = (_PACKAGE / "Resources", _PACKAGE.parent / "Resources")


def resource_path(*parts: str) -> Path:
    """Return the path of a data file or folder, for example ``resource_path("Anatomy", "spine.csv")``.

    Raises
    ------
    MissingFileError
        The installation lacks the file.
    """
    for root in _CANDIDATES:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    searched = ", ".join(str(root) for root in _CANDIDATES)
    raise MissingFileError(
        f"The data file {'/'.join(parts)} is not part of this installation (searched {searched}).",
        "Reinstall spine-gt-refine, or the SpineGTRefine extension.",
    )
