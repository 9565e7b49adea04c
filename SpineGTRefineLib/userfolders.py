"""Where a user's own files go on each system: models and environments, drafts that have no better place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_NAME = "spine-gt-refine"


def user_data_folder(*parts: str) -> Path:
    """Folder for what can be fetched again (models, environments); not made."""
    return _base("XDG_DATA_HOME", Path(".local") / "share").joinpath(_NAME, *parts)


def user_state_folder(*parts: str) -> Path:
    """Folder for what must survive a crash (drafts); not made."""
    return _base("XDG_STATE_HOME", Path(".local") / "state").joinpath(_NAME, *parts)


def with_tilde(path: Path | str) -> str:
    """Return a path or text with ``~`` for the user's own folder, fit to be shown to others."""
    return str(path).replace(str(Path.home()), "~")


def _base(variable: str, default: Path) -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get(variable) or Path.home() / default)
