"""The phantoms' numbers: sizes of vertebrae, brightness of tissues, lengths of cord segments (``Resources/Phantoms``).

Sizes are rounded means of adult spines; they make a phantom look right, they are no reference for measurements.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from ..errors import UsageError
from ..resources import resource_path


@dataclass(frozen=True)
class VertebraSize:
    """One level of an average adult spine; lengths in millimetres, ``tilt`` in degrees.

    Parameters
    ----------
    body_height, body_width, body_depth
        Vertebral body along the spine, left to right, and back to front.
    disc_below
        Height of the disc (or joint) under it.
    canal_width, canal_depth, cord_width, cord_depth
        Dural sac and spinal cord at this level.
    spinous, spinous_drop, transverse
        Length of the spinous process behind the canal, how far its tip points down, half-span of the transverse
        processes.
    tilt
        Forward lean of the vertebra in the sagittal plane.
    """

    level: str
    body_height: float
    body_width: float
    body_depth: float
    disc_below: float
    canal_width: float
    canal_depth: float
    cord_width: float
    cord_depth: float
    spinous: float
    spinous_drop: float
    transverse: float
    tilt: float


@cache
def vertebra_sizes() -> dict[str, VertebraSize]:
    """Sizes by level name (``C1`` ... ``S5``)."""
    rows = _rows("vertebrae.csv")
    return {row["Level"]: VertebraSize(row["Level"], *(float(x) for x in list(row.values())[1:])) for row in rows}


@cache
def segment_lengths() -> dict[str, float]:
    """Length of each spinal cord segment in millimetres, head to tail."""
    return {row["Level"]: float(row["Length"]) for row in _rows("segments.csv")}


@cache
def tissue_brightness(contrast: str) -> dict[str, tuple[float, float]]:
    """Mean signal of each tissue (CSF in T2w = 1) and how much it varies between people (relative)."""
    rows = _rows("tissues.csv")
    contrasts = tuple(column for column in rows[0] if column not in ("Tissue", "Spread"))
    _check_choice("contrast", contrast, contrasts)
    return {row["Tissue"]: (float(row[contrast]), float(row["Spread"])) for row in rows}


def levels_of_variant(variant: str) -> tuple[str, ...]:
    """Return all levels of a spine from C1 to S5; ``variant`` says how many thoracic and lumbar vertebrae it has."""
    counts = {row["Variant"]: row for row in _rows("variants.csv")}
    _check_choice("variant", variant, tuple(counts))
    thoracic, lumbar = int(counts[variant]["Thoracic"]), int(counts[variant]["Lumbar"])
    numbers = (("C", 7), ("T", thoracic), ("L", lumbar), ("S", 5))
    return tuple(f"{region}{i}" for region, count in numbers for i in range(1, count + 1))


def region_limits(region: str) -> tuple[str, str]:
    """First and last level of a field of view."""
    limits = {row["Region"]: (row["Top"], row["Bottom"]) for row in _rows("regions.csv")}
    _check_choice("region", region, tuple(limits))
    return limits[region]


@cache
def _rows(name: str) -> list[dict[str, str]]:
    with resource_path("Phantoms", name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"There is no phantom {what} {value!r}.", f"Choose one of: {', '.join(choices)}.")
