"""Tables for spreadsheet programs, written so that no cell can run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..fileops import write_text_atomic

_STARTS_A_FORMULA = ("=", "+", "-", "@")


def write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a tab-separated table with one header line; None becomes ``n/a``, as BIDS has it.

    Text that a spreadsheet program would run as a formula (a subject may be called ``=cmd|...``) gets a leading
    apostrophe, which such programs show as plain text. Numbers stay numbers.

    Raises
    ------
    WriteError
        The file cannot be written; an older file is unchanged.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="\t", lineterminator="\n")
    writer.writerow([_cell(column) for column in columns])
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_text_atomic(path, buffer.getvalue())


def _cell(value: object) -> str:
    if value is None:
        return "n/a"
    if isinstance(value, int | float):
        return str(value)
    text = " ".join(str(value).split())  # a tab or a line end would start another cell
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text
