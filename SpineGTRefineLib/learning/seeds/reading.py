"""Recognize whose list a file is, and read it."""

from __future__ import annotations

import json
from pathlib import Path

from ...errors import CorruptFileError, MissingFileError, UnsupportedFileError
from .listing import SeedList
from .mouse import read_conversion
from .rootlets import read_table
from .sacrum import SPLITS, read_config


def read_seed_list(path: Path) -> SeedList:
    """Read a sacrum configuration, a rootlets table or a mouse conversion dictionary.

    Raises
    ------
    MissingFileError
        There is no such file.
    CorruptFileError
        It is not valid JSON; the message names the line.
    UnsupportedFileError
        It is none of the three.
    """
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist.", "Check the spelling of the path.")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if path.suffix.lower() in (".tsv", ".csv"):
        return read_table(text, "\t" if path.suffix.lower() == ".tsv" else ",")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise CorruptFileError(f"{path.name} is not valid JSON: {error}.", "Correct that line.") from error
    if isinstance(content, dict) and any(key in content for key in SPLITS):
        return read_config(content)
    if isinstance(content, dict) and content and all(isinstance(value, str) for value in content.values()):
        return read_conversion(content)
    raise UnsupportedFileError(
        f"{path.name} is no list of cases that is known.",
        "Give a sacrum configuration (JSON), a rootlets table (TSV) or a mouse conversion_dict.json.",
    )
