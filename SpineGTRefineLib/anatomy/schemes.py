"""Label schemes: which number stands for which structure, with name, colour and terminology.

A scheme is a CSV file in Slicer's colour-table format (Slicer reads it unchanged) with one more column, ``Structure``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from ..errors import LabelError, UsageError
from ..resources import resource_path
from .structures import Structure, structure
from .tables import naming_the_row, read_rows


@dataclass(frozen=True)
class LabelEntry:
    """One row of a scheme.

    Parameters
    ----------
    value
        The number in the label map, above 0.
    name
        Name for people (the segment's name in Slicer).
    structure
        What it stands for.
    color
        Red, green, blue, 0 to 255.
    terminology
        The other columns of Slicer's colour table (Category_, Type_, Region_ ...), by column name.
    """

    value: int
    name: str
    structure: Structure
    color: tuple[int, int, int]
    terminology: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class LabelScheme:
    """A set of label values with one meaning each.

    Parameters
    ----------
    name
        The scheme's name (its file in ``Resources/Anatomy``).
    entries
        Rows in order of the file.
    """

    name: str
    entries: tuple[LabelEntry, ...]

    @cached_property
    def _by_value(self) -> dict[int, LabelEntry]:
        return {entry.value: entry for entry in self.entries}

    @cached_property
    def _by_key(self) -> dict[str, LabelEntry]:
        return {entry.structure.key: entry for entry in self.entries}

    def __contains__(self, value: int) -> bool:
        return value in self._by_value

    def __iter__(self) -> Iterator[LabelEntry]:
        return iter(self.entries)

    def __getitem__(self, value: int) -> LabelEntry:
        try:
            return self._by_value[int(value)]
        except KeyError:
            raise LabelError(
                f"The value {value} is not part of the label scheme {self.name!r}.",
                "Convert the mask to this scheme, or correct the value.",
            ) from None

    def value_of(self, key: str) -> int:
        """Return the value of the structure ``key``.

        Raises
        ------
        LabelError
            The scheme has no such structure.
        UsageError
            There is no such structure at all.
        """
        try:
            return self._by_key[key].value
        except KeyError:
            structure(key)  # a name that nothing has gets an error of its own
            raise LabelError(
                f"The label scheme {self.name!r} has no value for {key!r}.",
                "Choose a structure that it has, or name the scheme that the mask is in.",
            ) from None

    def has(self, key: str) -> bool:
        """Whether the scheme has a value for the structure ``key``."""
        return key in self._by_key

    def of_kind(self, *kinds: str) -> tuple[LabelEntry, ...]:
        """Entries whose structure is of one of ``kinds``, from head to tail where an order exists."""
        chosen = (entry for entry in self.entries if entry.structure.kind in kinds)
        return tuple(sorted(chosen, key=lambda entry: (entry.structure.order or 0.0, entry.value)))

    @property
    def values(self) -> tuple[int, ...]:
        """All values, ascending."""
        return tuple(sorted(self._by_value))


def read_scheme(path: Path) -> LabelScheme:
    """Read a scheme from a CSV file in Slicer's colour-table format.

    Raises
    ------
    UsageError
        A row is not usable (not a number, unknown structure, a value or a structure that appears twice); the message
        names the file and the line.
    """
    entries: list[LabelEntry] = []
    line_of: dict[int | str, int] = {}
    for line, row in read_rows(path, _OWN_COLUMNS):
        with naming_the_row(path, line):
            entry = _entry_from_row(row)
            if entry is None:
                continue
            for mark in (entry.value, entry.structure.key):
                if mark in line_of:
                    raise ValueError(f"{mark} already stands in line {line_of[mark]}")
                line_of[mark] = line
        entries.append(entry)
    return LabelScheme(path.stem, tuple(entries))


@cache
def scheme(name: str) -> LabelScheme:
    """Return the scheme called ``name`` (see :func:`scheme_names`)."""
    if name not in scheme_names():
        raise UsageError(f"There is no label scheme called {name!r}.", f"Choose one of: {', '.join(scheme_names())}.")
    return read_scheme(resource_path("Anatomy", "schemes", f"{name}.csv"))


@cache
def scheme_names() -> tuple[str, ...]:
    """Names of all schemes that ship with the project, sorted."""
    return tuple(sorted(path.stem for path in resource_path("Anatomy", "schemes").glob("*.csv")))


_OWN_COLUMNS = {"LabelValue", "Name", "Color_R", "Color_G", "Color_B", "Color_A", "Structure"}


def _entry_from_row(row: dict[str, str]) -> LabelEntry | None:
    """Return the entry of a row, or None for the background."""
    value = int(row["LabelValue"])
    if value == 0:
        return None
    if value < 0:
        raise ValueError(f"a label value is above 0, not {value}")
    red, green, blue = (_color_part(row[f"Color_{part}"]) for part in "RGB")
    terminology = tuple((column, text) for column, text in row.items() if column not in _OWN_COLUMNS and text)
    return LabelEntry(value, row["Name"], structure(row["Structure"]), (red, green, blue), terminology)


def _color_part(text: str) -> int:
    part = int(text)
    if not 0 <= part <= 255:
        raise ValueError(f"a colour goes from 0 to 255, not {part}")
    return part
