"""JSON files written by people and by many tools: read with patience, never lost when they are replaced."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..fileops import sha256_of_bytes, write_atomic, write_text_atomic

MAX_BYTES = 16 * 1024 * 1024
"""Larger files are no sidecars; they are not read."""


@dataclass(frozen=True)
class JsonFile:
    """What was found in a JSON file.

    Parameters
    ----------
    content
        The object; empty where the file is missing or unusable.
    problem
        Why the file is unusable; "" where it is usable or missing.
    notes
        Oddities of a usable file (another encoding, a key that appears twice).
    """

    content: dict[str, Any]
    problem: str = ""
    notes: tuple[str, ...] = field(default=())


def read_json(path: Path) -> JsonFile:
    """Read a JSON object; never raises for what the file holds.

    UTF-8 with and without mark and UTF-16 are understood. A key that appears twice keeps its last value and is noted.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            return JsonFile({}, f"{path.name} is larger than {MAX_BYTES // 2**20} MiB.")
        data = path.read_bytes()
    except FileNotFoundError:
        return JsonFile({})
    except OSError as error:
        return JsonFile({}, f"{path.name} cannot be read: {error.strerror}.")
    return parse_json(data, path.name)


def parse_json(data: bytes, name: str = "The file") -> JsonFile:
    """Like :func:`read_json`, for bytes that were read already."""
    notes: list[str] = []

    def keep_last(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) < len(pairs):
            notes.append(f"{name}: a key appears twice, the last value is used.")
        return content

    encoding = _encoding(data)
    if encoding != "utf-8":
        notes.append(f"{name}: the encoding is {encoding}, BIDS asks for UTF-8 without a mark.")
    try:
        content = json.loads(data.decode(encoding), object_pairs_hook=keep_last)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        return JsonFile({}, f"{name} is not valid JSON: {reason}.")
    if not isinstance(content, dict):
        return JsonFile({}, f"{name} does not hold a JSON object.")
    return JsonFile(content, notes=tuple(notes))


def json_text(content: Mapping[str, Any]) -> str:
    """Return ``content`` as the text of a sidecar: four spaces, names as they are, a line break at the end."""
    return json.dumps(content, indent=4, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a JSON file. A damaged file that lies there is kept beside it as ``.NAME.bak``."""
    keep_bad_json(path)
    write_text_atomic(path, json_text(content))


def keep_bad_json(path: Path) -> Path | None:
    """Copy a JSON file that cannot be read to ``.NAME.bak``, so that replacing it loses nothing.

    The dot in front keeps validators away, also where they skip ``.bidsignore`` (datasets inside datasets).

    Returns
    -------
    Path or None
        The copy, or None where there is nothing bad to keep.
    """
    if not path.is_file() or not read_json(path).problem:
        return None
    data = path.read_bytes()
    copy = path.with_name(f".{path.name}.bak")
    if copy.exists() and copy.read_bytes() != data:
        copy = path.with_name(f".{path.name}.{sha256_of_bytes(data)[:8]}.bak")
    write_atomic(copy, data)
    return copy


def require_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that must be usable.

    Raises
    ------
    InputError
        It is not.
    """
    found = read_json(path)
    if found.problem:
        raise InputError(found.problem, "Correct or remove the file.")
    return found.content


def _encoding(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8"
