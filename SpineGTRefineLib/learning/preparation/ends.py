"""The table of ends: which slices of each volume are good enough to learn from."""

from __future__ import annotations

import csv
from pathlib import Path

from ...errors import InputError, MissingFileError

COLUMNS = ("case", "first", "last")


def read_ends(path: Path) -> dict[str, tuple[int, int]]:
    """Read a table with the columns ``case``, ``first`` and ``last`` (slices counted from 0, both included).

    Raises
    ------
    MissingFileError
        There is no such file.
    InputError
        A row cannot be used; the message names the line.
    """
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist.", "Check the spelling of the path.")
    ends: dict[str, tuple[int, int]] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for line, row in enumerate(csv.DictReader(stream, delimiter="\t"), start=2):
            try:
                case, first, last = (row[column] for column in COLUMNS)
                if case in ends:
                    raise ValueError(f"{case} stands there twice")
                ends[case] = int(first), int(last)
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    f"{path.name}, line {line}: {error}.", f"The columns are {', '.join(COLUMNS)}, separated by tabs."
                ) from error
    return ends
