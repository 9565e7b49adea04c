"""Lists of cases from other tools: SCT's QC report, manual-correction, a table; and a list for them.

The YAML of both tools is one level deep: keys with lists of names under them. That is read here line by line, because
Slicer's Python has no YAML package.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..bids import Dataset
from ..errors import InputError, UsageError
from ..fileops import write_text_atomic
from .worklist import Item

_KEY = re.compile(r"^([A-Za-z_][\w-]*)\s*:\s*(.*?)\s*$")
_ENTRY = re.compile(r"^\s*-\s+(.*?)\s*$")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class ImportedList:
    """Cases that a list names.

    Parameters
    ----------
    cases
        Keys of cases of the dataset, in order of the list, each once.
    missing
        Entries that fit no case of the dataset.
    """

    cases: tuple[str, ...]
    missing: tuple[str, ...]


def import_list(path: Path, dataset: Dataset) -> ImportedList:
    """Read a list and find its cases in a dataset.

    Parameters
    ----------
    path
        ``.yml``/``.yaml`` of SCT (``qc_fail.yml``) or manual-correction (keys ``FILES_*``; what is under ``CORR_*`` was
        done already and is left out), or ``.tsv``/``.csv``/``.txt`` with one name or path per line (first column).
    dataset
        Where the cases are looked for. Only file names count, since the paths are those of another machine.

    Raises
    ------
    InputError
        The file cannot be read as such a list; the message names the line.
    """
    entries = _yaml_entries(path) if path.suffix in (".yml", ".yaml") else _table_entries(path)
    by_length = sorted((case.key for case in dataset), key=len, reverse=True)
    found: dict[str, None] = {}
    missing = []
    for entry in entries:
        name = Path(entry.replace("\\", "/")).name
        if name == "*":
            found |= dict.fromkeys(sorted(by_length))
            continue
        stem = name.removesuffix(".gz").removesuffix(".nii")
        match = next((key for key in by_length if stem == key or stem.startswith(f"{key}_")), None)
        if match is None:
            missing.append(entry)
        else:
            found[match] = None
    return ImportedList(tuple(found), tuple(missing))


def export_list(path: Path, items: Iterable[Item]) -> int:
    """Write a list of the kind that the file's name says: ``.yml`` for manual-correction (cases), ``.tsv`` (masks).

    Returns
    -------
    int
        Number of entries.

    Raises
    ------
    UsageError
        The file exists already, or its name ends otherwise.
    """
    if path.exists():
        raise UsageError(f"{path} exists already.", "Choose another name; lists are never replaced.")
    rows = tuple(items)
    if path.suffix in (".yml", ".yaml"):
        cases = tuple({item.case.key: item for item in rows}.values())
        export_yaml(path, cases)
        return len(cases)
    if path.suffix != ".tsv":
        raise UsageError(f"A list is written as .yml or .tsv, not as {path.suffix!r}.", "Choose another name.")
    export_table(path, rows)
    return len(rows)


def export_yaml(path: Path, items: Iterable[Item], key: str = "FILES_SEG") -> None:
    """Write cases as a list for manual-correction."""
    lines = [f"{key}:", *(f"- {_quoted(item.case.image.name)}" for item in items)]
    write_text_atomic(path, "\n".join(lines) + "\n")


def export_table(path: Path, items: Iterable[Item]) -> None:
    """Write the worklist as TSV; texts that a spreadsheet would take for formulas are defused."""
    header = ("case", "mask_type", "status", "rater", "seconds", "risk", "reason")
    rows = [header]
    for item in items:
        risk = "" if item.risk is None else f"{item.risk:.4f}"
        rows.append((*item.key, item.status, _defused(item.rater), f"{item.seconds:.1f}", risk, _defused(item.reason)))
    write_text_atomic(path, "".join("\t".join(row) + "\n" for row in rows))


def _yaml_entries(path: Path) -> list[str]:
    entries: list[str] = []
    key = ""
    for number, line in enumerate(_text_of(path).splitlines(), start=1):
        text = line.split(" #")[0].rstrip()
        if not text or text.startswith(("#", "---")):
            continue
        if match := _KEY.match(text):
            key, rest = match.group(1), match.group(2)
            if rest and rest != "[]":
                raise InputError(f"{path.name}, line {number}: {key!r} should be followed by a list.")
        elif (match := _ENTRY.match(text)) and key:
            if not key.startswith("CORR"):
                entries.append(match.group(1).strip("'\""))
        else:
            raise InputError(
                f"{path.name}, line {number} is neither a key nor an entry of a list.",
                "Expected lines such as 'FILES_SEG:' and '- sub-01_T2w.nii.gz'.",
            )
    return entries


def _table_entries(path: Path) -> list[str]:
    delimiter = "," if path.suffix == ".csv" else "\t"
    rows = list(csv.reader(_text_of(path).splitlines(), delimiter=delimiter))
    names = [row[0].strip() for row in rows if row and row[0].strip()]
    return names if names and "sub-" in names[0] else names[1:]  # a first row without a subject is the header


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"The list {path} cannot be read: {error.strerror}.", "Choose another file.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8.", "Save it as UTF-8 text, or choose another file.") from error


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.+-]+", name) and not name.startswith(("-", "+")) else f"'{name}'"


def _defused(text: str) -> str:
    flat = " ".join(text.split())
    return f"'{flat}" if flat.startswith(_FORMULA_STARTS) else flat
