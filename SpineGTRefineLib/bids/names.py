"""BIDS file names: taken apart without trusting the order of their parts, put together in the order of the standard."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache

from ..resources import resource_path

NIFTI_EXTENSIONS = (".nii.gz", ".nii")
"""The extensions of files that are looked at, the longer one first."""

_ID = r"[0-9A-Za-z+]+"
_VALID_ID = re.compile(_ID)
_VALID_STEM = re.compile(rf"{_ID}(?:[-_]{_ID})*")
_MANUAL = "-manual"
_VARIANT = re.compile(r"rater\d+|staple")


@dataclass(frozen=True)
class ParsedName:
    """A file name, taken apart.

    Parameters
    ----------
    stem
        The name without its extension.
    extension
        ``.nii.gz`` or ``.nii``.
    entities
        Key-value parts, in the order of the name (``{"sub": "01", "acq": "sag"}``).
    words
        The parts without a value, in order (``("T2w", "seg")``).
    suffix
        The last part, where it is a word; "" for old names that end in a key-value part (``_label-rootlet``).
    """

    stem: str
    extension: str
    entities: dict[str, str]
    words: tuple[str, ...]
    suffix: str


def is_valid_id(text: str) -> bool:
    """Whether ``text`` can be a subject's or session's id: letters, digits and plus signs only."""
    return _VALID_ID.fullmatch(text) is not None


def nifti_extension(name: str) -> str | None:
    """Return the NIfTI extension of a file name, or None for other files."""
    for extension in NIFTI_EXTENSIONS:
        if name.endswith(extension):
            return extension
    return None


def parse_name(name: str) -> ParsedName | None:
    """Take the name of a NIfTI file apart.

    Old habits are understood: ``-manual`` at the end is dropped, ``_rater1`` and ``_staple`` become a description.

    Returns
    -------
    ParsedName or None
        None where the name holds characters that BIDS does not allow (spaces, line breaks, letters beyond ASCII).
    """
    extension = nifti_extension(name)
    if extension is None:
        return None
    stem = name.removesuffix(extension)
    if _VALID_STEM.fullmatch(stem) is None:
        return None
    entities: dict[str, str] = {}
    words: list[str] = []
    suffix = ""
    for part in stem.removesuffix(_MANUAL).split("_"):
        key, dash, value = part.partition("-")
        if dash:
            entities[key] = value
            suffix = ""
        elif _VARIANT.fullmatch(part):
            entities["desc"] = part
        else:
            words.append(part)
            suffix = part
    return ParsedName(stem, extension, entities, tuple(words), suffix)


@cache
def entity_order() -> tuple[str, ...]:
    """Keys of all entities in the order that the standard asks for."""
    return tuple(key for key, _ in _entity_rows())


@cache
def mask_entities() -> frozenset[str]:
    """Keys of the entities that describe a mask, not the image it belongs to."""
    return frozenset(key for key, of in _entity_rows() if of == "mask")


def join_name(entities: dict[str, str], suffix: str) -> str:
    """Put a file name (without extension) together, its entities in the order of the standard.

    Entities that the standard does not know stand before the first one that describes a mask.
    """
    order = {key: position for position, key in enumerate(entity_order())}
    unknown = order["space"] - 0.5
    keys = sorted(entities, key=lambda key: order.get(key, unknown))
    return "_".join([*(f"{key}-{entities[key]}" for key in keys), suffix])


@cache
def _entity_rows() -> tuple[tuple[str, str], ...]:
    with resource_path("Bids", "entities.csv").open(encoding="utf-8", newline="") as stream:
        return tuple((row["Entity"], row["Of"]) for row in csv.DictReader(stream))
