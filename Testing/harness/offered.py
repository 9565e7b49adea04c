"""What Slicer and CTK offer, from ``api.csv``: a stand-in may have these members and no others."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("api.csv")


@dataclass(frozen=True)
class Member:
    """One member of an upstream class: ``kind`` is property, method or signal; ``header`` is where it is declared."""

    owner: str
    kind: str
    name: str
    signature: str
    header: str
    version: str


@cache
def members() -> tuple[Member, ...]:
    """All rows of the table."""
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return tuple(Member(**row) for row in csv.DictReader(stream))


def members_of(owner: str) -> dict[str, Member]:
    """Members of one class by name."""
    return {member.name: member for member in members() if member.owner == owner}


def stand_in(cls: type) -> type:
    """Refuse a stand-in that offers a name which the table does not list for its class, or lacks a listed one."""
    own = {name for name in vars(cls) if not name.startswith("_")} - {"staticMetaObject"}
    listed = set(members_of(cls.__name__))
    ours = {name for name in own if not _overrides_qt(cls, name)}
    if ours != listed:
        raise TypeError(f"{cls.__name__} and api.csv differ in {sorted(ours ^ listed)}")
    return cls


def _overrides_qt(cls: type, name: str) -> bool:
    return any(name in vars(base) for base in cls.__mro__[1:] if base.__module__.startswith("PySide6"))
