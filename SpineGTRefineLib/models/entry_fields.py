"""What each field of ``models.json`` may hold: a reader per field, which checks a value and returns it.

A reader raises TypeError or ValueError with the end of a sentence that begins with the field's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .orientation import check_axcodes
from .postprocessing import read_post_steps

Reader = Callable[[object], object]

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""A model's name is also the name of its folder."""

FRAMEWORKS = ("nnunet", "spineps", "ivadomed")
"""``nnunet`` runs here, ``spineps`` is installed here and run by SPINEPS, ``ivadomed`` is only listed."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"must be a text; got {value!r}.")
    return value


def _name(value: object) -> str:
    if not NAME_PATTERN.fullmatch(_text(value)):
        raise ValueError(f"may hold letters, digits, '.', '_' and '-' only; got {value!r}.")
    return _text(value)


def _framework(value: object) -> str:
    if value not in FRAMEWORKS:
        raise ValueError(f"must be one of {', '.join(FRAMEWORKS)}; got {value!r}.")
    return _text(value)


def _url(value: object) -> str:
    if not _text(value).startswith("https://"):
        raise ValueError(f"must be an https address; got {value!r}.")
    return _text(value)


def _sha256(value: object) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", _text(value)):
        raise ValueError(f"must be 64 hexadecimal digits; got {value!r}.")
    return _text(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TypeError(f"must be a whole number above 0; got {value!r}.")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise TypeError(f"must be a list of texts; got {value!r}.")
    return tuple(value)


def _checkpoints(value: object) -> tuple[str, ...]:
    if not set(_texts(value)) <= {"final", "best", "latest"}:
        raise ValueError(f"may hold 'final', 'best' and 'latest'; got {value!r}.")
    return _texts(value)


def _spacing(value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(v, (int, float)) and v > 0 for v in value):
        raise TypeError(f"must be three lengths in millimetres; got {value!r}.")
    return tuple(float(v) for v in value)


def _values(value: object) -> dict[int, int]:
    if not isinstance(value, dict) or not all(isinstance(v, int) for v in value.values()):
        raise TypeError(f"must map the model's values to the scheme's; got {value!r}.")
    return {int(model): scheme for model, scheme in value.items()}


def _tile_step(value: object) -> float:
    if not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ValueError(f"must be above 0 and at most 1; got {value!r}.")
    return float(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"must be true or false; got {value!r}.")
    return value


def _or_none(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


READERS: dict[str, Reader] = {
    "name": _name,
    "version": _text,
    "title": _text,
    "framework": _framework,
    "bundled": _or_none(_text),
    "url": _or_none(_url),
    "sha256": _or_none(_sha256),
    "size_bytes": _or_none(_count),
    "license": _or_none(_text),
    "citation": _or_none(_text),
    "homepage": _or_none(_url),
    "contrasts": _texts,
    "channels": _texts,
    "orientation": _or_none(check_axcodes),
    "spacing": _or_none(_spacing),
    "scheme": _or_none(_text),
    "values": _or_none(_values),
    "parts": _or_none(_text),
    "folds": _or_none(_texts),
    "checkpoints": _checkpoints,
    "tile_step": _tile_step,
    "mirroring": _flag,
    "postprocessing": read_post_steps,
    "notes": _or_none(_text),
    "caution": _or_none(_text),
}
