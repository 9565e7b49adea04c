"""Labels of a slice as coloured outlines with names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...anatomy import LabelScheme
from .outlines import outline_path

UNKNOWN_COLOR = "#a0a0a0"
"""Colour of values that the scheme does not know."""


@dataclass(frozen=True)
class Shape:
    """The voxels of one kind in one slice.

    Parameters
    ----------
    name
        Shown when the mouse rests on it.
    color
        ``#rrggbb``.
    path
        Outline in pixels of the slice, see :func:`outline_path`.
    text
        Short name drawn over the largest piece, may be empty.
    center
        Column and row of that text.
    """

    name: str
    color: str
    path: str
    text: str = ""
    center: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Change:
    """One way in which a voxel can change."""

    name: str
    color: str


CHANGES = (Change("added", "#2fbf71"), Change("removed", "#ff5d5d"), Change("other label", "#ffb000"))


def label_name(scheme: LabelScheme, value: int) -> str:
    """Name of a label for people."""
    return scheme[value].name if value in scheme else f"unknown value {value}"


def label_color(scheme: LabelScheme, value: int) -> str:
    """Colour of a label as ``#rrggbb``."""
    if value not in scheme:
        return UNKNOWN_COLOR
    red, green, blue = scheme[value].color
    return f"#{red:02x}{green:02x}{blue:02x}"


def label_shape(mask: np.ndarray, scheme: LabelScheme, value: int) -> Shape:
    """Outline of one label; vertebrae carry their level (``L1``)."""
    text = ""
    if value in scheme and scheme[value].structure.kind == "vertebra":
        text = scheme[value].structure.key.partition("_")[2]
    center = _center_of_largest_piece(mask) if text else (0.0, 0.0)
    return Shape(label_name(scheme, value), label_color(scheme, value), outline_path(mask), text, center)


def change_shape(mask: np.ndarray, change: Change) -> Shape:
    """Outline of the voxels that changed in one way."""
    return Shape(change.name, change.color, outline_path(mask))


def _center_of_largest_piece(mask: np.ndarray) -> tuple[float, float]:
    """Column and row. Of a vertebra that is the body, where its centre of mass may lie in the canal."""
    pieces, _ = ndimage.label(mask)
    largest = np.bincount(pieces.ravel())[1:].argmax() + 1
    rows, columns = np.nonzero(pieces == largest)
    return float(columns.mean() + 0.5), float(rows.mean() + 0.5)
