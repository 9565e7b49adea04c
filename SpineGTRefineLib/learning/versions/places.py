"""Where versions are kept, and how they are named."""

from __future__ import annotations

import re
from pathlib import Path

from ...bids.layout import state_folder
from ...errors import UsageError

MANIFEST, CASES, LEFT_OUT = "manifest.json", "cases.tsv", "left_out.tsv"

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_NUMBERED = re.compile(r"D(\d+)")


def versions_folder(output: Path) -> Path:
    """Return the folder of a dataset's versions, unless the user names another."""
    return state_folder(output, "versions")


def require_name(name: str) -> None:
    """Refuse a name that could not be a folder's on every system.

    Raises
    ------
    UsageError
        It could not.
    """
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise UsageError(f"{name!r} cannot name a version.", "Use letters, digits, dots, dashes; for example D2.")


def version_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the complete versions in a folder, D2 before D10."""
    found = (path.parent.name for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))
    return tuple(sorted(found, key=lambda name: [int(p) if p.isdigit() else 0 for p in re.split(r"(\d+)", name)]))


def next_name(folder: Path, ahead: int = 0) -> str:
    """Return the first free name of the row D1, D2, ..., or that of so many versions further on."""
    numbers = [int(match[1]) for name in version_names(folder) if (match := _NUMBERED.fullmatch(name))]
    return f"D{max(numbers, default=0) + 1 + ahead}"
