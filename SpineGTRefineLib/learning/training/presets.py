"""Settings of a training by name, or from a file like those that ship."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ...errors import MissingFileError, UsageError
from ...resources import resource_path
from ..settings import TrainingSettings
from .request import settings_from

FINE_TUNING = {"epochs": 100, "learning_rate": 1e-3}
"""What the settings of a fine-tuning are where nothing else is asked for: short and gentle."""


def fine_tuning_of(name: str, **chosen: object) -> TrainingSettings:
    """Return settings as :func:`settings_of` does, short and gentle unless a user's own file or a choice says more.

    The settings that ship are made for trainings from nothing, so of them only the rest counts.
    """
    said = {} if name in preset_names() else _table_of(name)
    usual = {field: value for field, value in FINE_TUNING.items() if field not in said}
    return settings_of(name, **usual | {field: value for field, value in chosen.items() if value is not None})


def preset_names() -> tuple[str, ...]:
    """Return the names of the settings that ship."""
    return tuple(sorted(path.stem for path in resource_path("Learning", "settings").glob("*.toml")))


def settings_of(name: str, **chosen: object) -> TrainingSettings:
    """Return the settings of a name or a file, with what was chosen beside.

    Parameters
    ----------
    name
        One of :func:`preset_names`, or the path of a TOML file.
    **chosen
        Fields of :class:`~SpineGTRefineLib.learning.settings.TrainingSettings`; None chooses nothing.

    Raises
    ------
    UsageError
        There are no such settings, the file is no TOML, or a field is not known or has a value that cannot be used.
    MissingFileError
        There is no such file.
    """
    return settings_from(_table_of(name) | {field: value for field, value in chosen.items() if value is not None})


def _table_of(name: str) -> dict[str, Any]:
    path = Path(name)
    if name in preset_names():
        path = resource_path("Learning", "settings", f"{name}.toml")
    elif path.suffix != ".toml":
        known = " or ".join(preset_names())
        raise UsageError(f"There are no settings called {name!r}.", f"Choose {known}, or a .toml file.")
    if not path.is_file():
        raise MissingFileError(f"There is no file {name}.", "Check the spelling of the path.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} is not valid TOML: {error}.", "Correct the file.") from error
