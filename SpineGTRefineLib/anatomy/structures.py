"""The structures that labels stand for.

A structure is named once, by its key (``vertebra_T1``, ``disc_T12-L1``, ``canal_whole``); schemes map numbers to keys.
Order from head to tail comes from ``Resources/Anatomy/structures.csv``, never from label values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ..errors import UsageError
from ..resources import resource_path
from .tables import bad_row, naming_the_row, read_rows

_COLUMNS = ("Structure", "Kind", "Name", "Order", "Above", "Below", "Variant", "Broader")


@dataclass(frozen=True)
class Structure:
    """One anatomical structure.

    Parameters
    ----------
    key
        Name used in code, sidecars and reports, for example ``disc_T12-L1``.
    kind
        Class of structure: vertebra, disc, sacrum, cord, canal_whole, canal_without_cord, endplate, vertebra_part,
        spinal_level, rootlets, point, ...
    name
        Name for people, for example ``T12-L1 disc``.
    order
        Position from head to tail, or None for what runs along the spine. Vertebrae, discs, endplates, sacrum and
        coccyx share one sequence; spinal levels, rootlets, points and unnamed instances have one each.
    above
        Keys of the vertebra that lies directly above (discs, endplates) or that carries it (ribs). Several where the
        anatomy decides, as for the lumbosacral disc.
    below
        Key of the vertebra, or the sacrum, directly below a disc. None for a disc that is only known as "the one below
        that vertebra".
    variant
        Whether it exists only in people with more vertebrae or ribs than usual (T13, L6, cervical ribs).
    broader
        Key of the structure that stands in for it in schemes that have no value for it, for example ``sacrum`` for a
        sacral segment. None where nothing may.
    """

    key: str
    kind: str
    name: str
    order: float | None = None
    above: tuple[str, ...] = ()
    below: str | None = None
    variant: bool = False
    broader: str | None = None


def structures() -> Mapping[str, Structure]:
    """All known structures by key."""
    return _shipped_structures()


def structure(key: str) -> Structure:
    """Return one structure.

    Raises
    ------
    UsageError
        No structure has this key.
    """
    try:
        return structures()[key]
    except KeyError:
        raise UsageError(f"There is no structure called {key!r}.", _hint(key)) from None


def read_structures(path: Path) -> dict[str, Structure]:
    """Read a table of structures.

    Raises
    ------
    UsageError
        A row is not usable, or a key it refers to does not exist; the message names the file and the line.
    """
    found: dict[str, Structure] = {}
    line_of: dict[str, int] = {}
    for line, row in read_rows(path, _COLUMNS):
        with naming_the_row(path, line):
            entry = _from_row(row)
            if entry.key in found:
                raise ValueError(f"{entry.key!r} already stands in line {line_of[entry.key]}")
        found[entry.key] = entry
        line_of[entry.key] = line
    for entry in found.values():
        for other in (*entry.above, entry.below, entry.broader):
            if other is not None and other not in found:
                raise bad_row(path, line_of[entry.key], f"{entry.key!r} refers to {other!r}, which the table lacks")
    return found


def _hint(key: str) -> str:
    """Say what a wrong key may have meant: ``L1`` is short for several, ``vertbra_L1`` is a slip."""
    wanted = key.casefold()
    meant = [known for known in structures() if wanted in (known.casefold(), known.partition("_")[2].casefold())]
    meant = meant or get_close_matches(key, structures(), 3)
    return f"Did you mean {' or '.join(meant)}?" if meant else "Structures are named like vertebra_L1 or disc_L4-L5."


@cache
def _shipped_structures() -> Mapping[str, Structure]:
    return MappingProxyType(read_structures(resource_path("Anatomy", "structures.csv")))


def _from_row(row: dict[str, str]) -> Structure:
    if not row["Structure"] or not row["Kind"]:
        raise ValueError("Structure and Kind must not be empty")
    if row["Variant"] not in ("", "yes"):
        raise ValueError(f"Variant is 'yes' or empty, not {row['Variant']!r}")
    return Structure(
        key=row["Structure"],
        kind=row["Kind"],
        name=row["Name"],
        order=float(row["Order"]) if row["Order"] else None,
        above=tuple(row["Above"].split()),
        below=row["Below"] or None,
        variant=row["Variant"] == "yes",
        broader=row["Broader"] or None,
    )
