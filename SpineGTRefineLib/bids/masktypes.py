"""The kinds of masks that the project reads and writes, and how their files are recognized."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Literal

from ..anatomy import LabelScheme, scheme
from ..errors import UsageError
from ..resources import resource_path
from .names import ParsedName, mask_entities, parse_name

MASK_SUFFIXES = frozenset(
    {
        "seg",
        "dseg",
        "mask",
        "msk",
        "probseg",
        "softseg",
        "label",
        "dlabel",
        "gmseg",
        "lesion",
        "centerline",
        "defacemask",
    }
)
"""Last parts of names that never belong to an image."""

_NO_CONTRAST = ("orig", "other", "")


@dataclass(frozen=True)
class MaskType:
    """One kind of mask.

    Parameters
    ----------
    name
        ``spine``, ``canal``, ``cord``, ``sacrum``, ``rootlets``, ``gmwm`` ...
    kind
        ``mask`` for one structure, ``dseg`` for several.
    scheme_name
        Name of the label scheme of its values.
    bids_label
        Value of ``label-`` (mask) or ``seg-`` (dseg) in a valid BIDS name.
    lab_label, lab_suffix
        Parts of the name in the NeuroPoly lab's style.
    description
        One sentence for sidecars.
    """

    name: str
    kind: Literal["dseg", "mask"]
    scheme_name: str
    bids_label: str
    lab_label: str
    lab_suffix: str
    description: str

    @property
    def scheme(self) -> LabelScheme:
        """The meaning of the mask's values."""
        return scheme(self.scheme_name)


@dataclass(frozen=True)
class MaskReading:
    """What the name of a mask says.

    Parameters
    ----------
    mask_type
        Its kind, or None for a mask that the project does not handle (lesions, soft masks ...).
    contrast
        Suffix of the image it belongs to; "" where the name does not say.
    image_entities
        The entities that it shares with its image.
    """

    mask_type: MaskType | None
    contrast: str
    image_entities: dict[str, str]


def mask_type(name: str) -> MaskType:
    """Return the mask type called ``name``.

    Raises
    ------
    UsageError
        There is none.
    """
    try:
        return mask_types()[name]
    except KeyError:
        known = ", ".join(mask_types())
        raise UsageError(f"There is no mask type called {name!r}.", f"Choose one of: {known}.") from None


@cache
def mask_types() -> dict[str, MaskType]:
    """All mask types by name."""
    return {row["Name"]: _from_row(row) for row in _rows()}


def is_mask_name(parsed: ParsedName) -> bool:
    """Whether a file name is that of a mask rather than of an image."""
    return parsed.suffix in MASK_SUFFIXES or not parsed.suffix or "label" in parsed.entities


def read_mask_name(parsed: ParsedName) -> MaskReading:
    """Say which kind of mask a file is, and which image it belongs to, from its name alone.

    Both naming styles and the older names of the lab are understood; the order of the entities does not matter.
    """
    entities = parsed.entities
    label = entities.get("label") or entities.get("labels") or entities.get("seg") or ""
    words = parsed.words[:-1] if parsed.suffix else parsed.words
    contrast = words[0] if words else entities.get("mod") or entities.get("space", "")
    return MaskReading(
        mask_type=_by_reading().get((label, parsed.suffix)),
        contrast="" if contrast in _NO_CONTRAST else contrast,
        image_entities={key: value for key, value in entities.items() if key not in mask_entities()},
    )


def scheme_of_name(name: str, asked: str = "", default: str = "spine") -> LabelScheme:
    """Return the label scheme that is asked for, else the one that a mask's file name says, else ``default``."""
    if asked:
        return scheme(asked)
    parsed = parse_name(name)
    said = read_mask_name(parsed).mask_type if parsed else None
    return said.scheme if said else scheme(default)


@cache
def _by_reading() -> dict[tuple[str, str], MaskType]:
    readings: dict[tuple[str, str], MaskType] = {}
    for row in _rows():
        for reading in row["ReadAs"].split(" "):
            label, _, suffix = reading.partition("/")
            readings[label, suffix] = mask_types()[row["Name"]]
    return readings


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with resource_path("Bids", "mask_types.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


def _from_row(row: dict[str, str]) -> MaskType:
    if row["Kind"] not in ("dseg", "mask"):
        raise UsageError(f"mask_types.csv: {row['Name']} has the unknown kind {row['Kind']!r}.")
    kind: Literal["dseg", "mask"] = "dseg" if row["Kind"] == "dseg" else "mask"
    return MaskType(
        row["Name"], kind, row["Scheme"], row["BidsLabel"], row["LabLabel"], row["LabSuffix"], row["Description"]
    )
