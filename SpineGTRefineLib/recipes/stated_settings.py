"""Settings of a recipe that a person states for one run: ``voxel_mm=0.05``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import UsageError


def parse_settings(texts: Iterable[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Turn texts such as ``voxel_mm=0.05`` into values of the kind that each setting has.

    Parameters
    ----------
    texts
        ``NAME=VALUE``; a text is written without quotes, everything else as in TOML.
    defaults
        The settings that the recipe knows.

    Raises
    ------
    UsageError
        A text has no equals sign, or a value cannot be read. What is unknown or of another kind is found by
        :meth:`.definition.Recipe.with_settings`.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not name:
            raise UsageError(f"{text!r} is not a setting.", "Write NAME=VALUE, for example voxel_mm=0.05")
        values[name] = value if isinstance(defaults.get(name), str) else _plain_value(value)
    return values


def _plain_value(value: str) -> Any:
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value  # A text for an unknown setting: told by its name, not by its spelling.
