"""Reading of the CSV tables in ``Resources/Anatomy``: a mistake in one is reported with its file and line."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UsageError


def read_rows(path: Path, columns: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and fields of each row of a CSV file.

    Raises
    ------
    UsageError
        A column of ``columns`` is missing, a row has too many or too few fields, or the file is not CSV in UTF-8.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        missing = sorted(set(columns) - set(reader.fieldnames or ()))
        if missing:
            raise bad_row(path, 1, f"there is no column {', '.join(missing)}")
        for row in reader:
            if None in row or None in row.values():
                raise bad_row(path, reader.line_num, "the row has more or fewer fields than the header")
            yield reader.line_num, row
    except csv.Error as error:
        raise bad_row(path, reader.reader.line_num, str(error)) from error


@contextmanager
def naming_the_row(path: Path, line: int) -> Iterator[None]:
    """Turn what a field cannot be (``ValueError``) into an error that names file and line."""
    try:
        yield
    except ValueError as error:
        reason = error.cause if isinstance(error, UsageError) else str(error)
        raise bad_row(path, line, reason) from error


def bad_row(path: Path, line: int, reason: str) -> UsageError:
    """Return the error for a row that cannot be used."""
    return UsageError(f"{path.name}, line {line}: {reason.rstrip('.')}.", "Correct the row of the table.")


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise bad_row(path, line, "the text is not UTF-8") from error
