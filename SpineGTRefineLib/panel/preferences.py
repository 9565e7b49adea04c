"""What belongs to this user and machine: kept in the application's settings, never in a scene."""

from __future__ import annotations

from dataclasses import dataclass, fields

import qt
import slicer

GROUP = "SpineGTRefine"


@dataclass(frozen=True)
class Preferences:
    """The user's choices as they are now; :func:`remember` changes one.

    Parameters
    ----------
    rater
        Name or initials, as typed.
    device
        Where models run: auto, cpu, cuda, mps.
    python
        A Python with PyTorch and nnU-Net; "" to let one be found.
    runAhead
        Whether models run on the next cases meanwhile.
    """

    rater: str = ""
    device: str = "auto"
    python: str = ""
    runAhead: bool = False

    @classmethod
    def load(cls) -> Preferences:
        """Read them from the application's settings, which keep everything as text."""
        found = {}
        for entry in fields(cls):
            converter = slicer.util.toBool if isinstance(entry.default, bool) else str
            found[entry.name] = slicer.util.settingsValue(f"{GROUP}/{entry.name}", entry.default, converter)
        return cls(**found)


def remember(name: str, value: str | bool) -> None:  # noqa: FBT001 (it is data)
    """Keep one choice, and no other: the page of the settings may have changed them meanwhile."""
    qt.QSettings().setValue(f"{GROUP}/{name}", value)


def modelOf(recipe: str) -> str:
    """Return the model that the user chose for a recipe, "" for the best one that is installed."""
    return str(slicer.util.settingsValue(f"{GROUP}/models/{recipe}", "", str))


def setModel(recipe: str, model: str) -> None:
    """Choose a model for a recipe."""
    remember(f"models/{recipe}", model)


def keyOf(name: str, default: str) -> str:
    """Return the key sequence that the user chose for an act, or the usual one."""
    return str(slicer.util.settingsValue(f"{GROUP}/keys/{name}", default, str))


def setKey(name: str, sequence: str) -> None:
    """Choose a key sequence for an act."""
    remember(f"keys/{name}", sequence)
