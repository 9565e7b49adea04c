"""The rootlets project's tables: one row per scan, with its file's name and the folder (train or test) it went to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from ..versions import Place
from .listing import Defect, ListedCase, SeedList, repeated, stem_of

NAME_COLUMNS = ("file_name", "filename", "participant_id")
"""Columns that hold the name of the file, the first that exists."""

_PLACES = {"train": Place("train"), "test": Place("test"), "imagesTr": Place("train"), "imagesTs": Place("test")}


def read_table(text: str, delimiter: str = "\t") -> SeedList:
    """Read the table; without a column ``folder`` (the first versions) every scan trains.

    Defects that are reported: rows with cells too many or too few (their columns are shifted), white space and line
    breaks inside names, names that appear twice, unknown folders.
    """
    rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    header = [_clean(cell) for cell in rows[0]] if rows else []
    column = next((header.index(name) for name in NAME_COLUMNS if name in header), None)
    if column is None:
        return SeedList("rootlets", (), (Defect("no-name-column", "line 1", f"none of {', '.join(NAME_COLUMNS)}"),))
    folder = header.index("folder") if "folder" in header else None
    cases: list[ListedCase] = []
    defects: list[Defect] = []
    for line, row in enumerate(rows[1:], start=2):
        defects += _oddities(row, column, len(header), f"row {line}")
        name = _clean(row[column]) if column < len(row) else ""
        word = _clean(row[folder]) if folder is not None and folder < len(row) else "train"
        if not name:
            continue
        if word not in _PLACES:
            defects.append(Defect("unknown-folder", f"row {line}", f"{name} is in {word!r}, expected train or test"))
            continue
        cases.append(ListedCase(stem_of(name), _PLACES[word]))
    defects += repeated(case.stem for case in cases)
    return SeedList("rootlets", tuple(cases), tuple(defects))


def _oddities(row: list[str], column: int, expected: int, where: str) -> Iterator[Defect]:
    if not any(_clean(cell) for cell in row):
        yield Defect("empty-row", where, "holds nothing")
        return
    if len(row) != expected:
        yield Defect("shifted-columns", where, f"has {len(row)} cells, the header has {expected}")
    if column >= len(row) or not _clean(row[column]):
        yield Defect("no-name", where, "has no file name")
    odd = [cell for cell in row if cell != _clean(cell)]
    if odd:
        yield Defect("white-space", where, f"{odd[0]!r} holds white space that is no part of it")


def _clean(cell: str) -> str:
    """Return a cell without white space at its ends and with plain spaces inside."""
    return " ".join(cell.split())
