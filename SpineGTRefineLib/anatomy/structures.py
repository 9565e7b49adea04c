"""The structures that labels stand for, and their order along the spine.

A structure is named once, by its key (``vertebra_T1``, ``disc_T12-L1``, ``canal_whole``); schemes map numbers to keys.
Order from head to tail comes from ``Resources/Anatomy/structures.csv``, never from label values.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from ..errors import UsageError
from ..resources import resource_path


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
        Position from head to tail among the structures of the spine, or None for what runs along it.
    """

    key: str
    kind: str
    name: str
    order: float | None = None


@cache
def structures() -> dict[str, Structure]:
    """All known structures by key."""
    with resource_path("Anatomy", "structures.csv").open(encoding="utf-8", newline="") as stream:
        return {row["Structure"]: _from_row(row) for row in csv.DictReader(stream)}


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
        raise UsageError(f"There is no structure called {key!r}.", "See Resources/Anatomy/structures.csv.") from None


def _from_row(row: dict[str, str]) -> Structure:
    return Structure(row["Structure"], row["Kind"], row["Name"], float(row["Order"]) if row["Order"] else None)
