"""What a dataset version lists: the cases that are in it, and those that were left out, each with a reason."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from io import StringIO
from typing import Any, Literal

from ...errors import CorruptFileError

Split = Literal["train", "test"]

NO_FOLD = -1
"""Fold of a case that no fold holds back: a test case, or one that is always trained on."""


@dataclass(frozen=True)
class VersionCase:
    """One case of a version, as it was when the version was made.

    Parameters
    ----------
    case, subject, session, contrast
        Which case; ``session`` is "" where there is none.
    split
        ``train`` or ``test``.
    fold
        Number of the fold that validates on it, :data:`NO_FOLD` for none.
    status, grade, rater
        What the journal said about the mask.
    image, mask
        BIDS URIs.
    image_sha256, mask_sha256
        Hashes of the files.
    image_content
        Hash of the image's voxels alone: equal for the same image under another name, header or compression.
    values
        Label values in the mask, ascending.
    verified
        Slices and structures that a rater vouches for, as in the mask's sidecar; empty for nothing in particular.
    """

    case: str
    subject: str
    session: str
    contrast: str
    split: Split
    fold: int
    status: str
    grade: int | None
    rater: str
    image: str
    image_sha256: str
    image_content: str
    mask: str
    mask_sha256: str
    values: tuple[int, ...]
    verified: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LeftOut:
    """A case that is not in the version, and why."""

    case: str
    reason: str


def cases_table(rows: Iterable[VersionCase]) -> str:
    """Return the rows as a table with tabs, in order of the case."""
    return _table(VersionCase, ([_cell(getattr(row, name)) for name in _names(VersionCase)] for row in _sorted(rows)))


def left_out_table(rows: Iterable[LeftOut]) -> str:
    """Return the cases left out as a table with tabs."""
    return _table(LeftOut, ([row.case, _cell(row.reason)] for row in sorted(rows, key=lambda row: row.case)))


def read_cases_table(text: str) -> tuple[VersionCase, ...]:
    """Read what :func:`cases_table` wrote.

    Raises
    ------
    CorruptFileError
        A line cannot be understood; the message names it.
    """
    rows = []
    for line, row in enumerate(_lines(text), start=2):
        try:
            rows.append(_case(row))
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptFileError(f"cases.tsv, line {line}: {error}.", "Build the version again.") from error
    return tuple(rows)


def read_left_out_table(text: str) -> tuple[LeftOut, ...]:
    """Read what :func:`left_out_table` wrote."""
    return tuple(LeftOut(row["case"], row["reason"]) for row in _lines(text))


def _case(row: dict[str, str]) -> VersionCase:
    if row["split"] not in ("train", "test"):
        raise ValueError(f"there is no split {row['split']!r}")
    texts = {name: row[name] for name in _names(VersionCase) if name not in ("fold", "grade", "values", "verified")}
    return VersionCase(
        **texts,  # type: ignore[arg-type]
        fold=int(row["fold"]),
        grade=int(row["grade"]) if row["grade"] else None,
        values=tuple(int(value) for value in row["values"].split()),
        verified=json.loads(row["verified"]) if row["verified"] else {},
    )


def _sorted(rows: Iterable[VersionCase]) -> list[VersionCase]:
    return sorted(rows, key=lambda row: row.case)


def _names(of: type) -> list[str]:
    return [entry.name for entry in fields(of)]


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True, separators=(",", ":")) if value else ""
    # A tab or a line break in a name would break the table for readers that do not know quotes.
    return "" if value is None else " ".join(str(value).split())


def _table(of: type, rows: Iterable[list[str]]) -> str:
    stream = StringIO(newline="")
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(_names(of))
    writer.writerows(rows)
    return stream.getvalue()


def _lines(text: str) -> csv.DictReader[str]:
    return csv.DictReader(StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
