"""``ranking.tsv``: which masks are most likely wrong, and why. Written by ``learning``, read by the worklist.

Columns: ``case``, ``mask_type``, ``risk`` (0 to 1), ``reason``, ``structure``, ``slice``; one row per mask.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from io import StringIO
from pathlib import Path

from ..errors import InputError
from ..fileops import write_text_atomic
from .layout import state_folder


@dataclass(frozen=True)
class RankedMask:
    """One row of the table.

    Parameters
    ----------
    case, mask_type
        Which mask.
    risk
        0 (sound) to 1 (surely wrong); only the order counts.
    reason
        Why, for people.
    structure
        Key of the structure it is about; "" for the whole mask.
    slice
        Where to look first, ``axis:index``; "" if nowhere in particular.
    """

    case: str
    mask_type: str
    risk: float
    reason: str = ""
    structure: str = ""
    slice: str = ""


def ranking_path(output: Path) -> Path:
    """Return the place of a dataset's ranking."""
    return state_folder(output) / "ranking.tsv"


def write_ranking(path: Path, rows: Iterable[RankedMask]) -> None:
    """Write the table, the riskiest mask first."""
    stream = StringIO(newline="")
    writer = csv.DictWriter(stream, [entry.name for entry in fields(RankedMask)], delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows, key=lambda row: -row.risk):
        # A tab or line break inside a reason would break the table for every reader that does not know quotes.
        writer.writerow({name: " ".join(value.split()) if isinstance(value, str) else value
                         for name, value in asdict(row).items()})  # fmt: skip
    write_text_atomic(path, stream.getvalue())


def read_ranking(path: Path) -> dict[tuple[str, str], RankedMask]:
    """Read the table, by case and mask type; empty if there is none.

    Raises
    ------
    InputError
        A row cannot be used; the message names the line.
    """
    if not path.is_file():
        return {}
    ranked: dict[tuple[str, str], RankedMask] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for line, row in enumerate(csv.DictReader(stream, delimiter="\t"), start=2):
            try:
                texts = {name: row.get(name) or "" for name in ("reason", "structure", "slice")}
                entry = RankedMask(row["case"], row["mask_type"], float(row["risk"]), **texts)
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(f"{path.name}, line {line}: {error}", "Make the ranking again.") from error
            ranked[entry.case, entry.mask_type] = entry
    return ranked
