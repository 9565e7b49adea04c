"""One segment of a segmentation: its name, colour, standard term, label tag, and its place in the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import slicer
import vtk

from ..anatomy import LabelEntry, LabelScheme
from .terminology import terminology_entry

LABEL_TAG = "LabelValue"
"""Segment tag that holds the label as decimal digits; it survives saved scenes and undo."""

UNKNOWN_COLOR = (0.5, 0.5, 0.5)
"""Colour of a label that the scheme does not know."""


def new_segment(value: int, entry: LabelEntry | None, layer: Any = None) -> Any:
    """Make a ``vtkSegment`` for a label.

    Parameters
    ----------
    value
        The label.
    entry
        Its row of the scheme; None for a label that the scheme does not know.
    layer
        ``vtkOrientedImageData`` in which the voxels with this label belong to it (may be shared by many segments); None
        for an empty segment.
    """
    segment = slicer.vtkSegment()
    segment.SetTag(LABEL_TAG, str(value))
    if entry is None:
        segment.SetName(f"Label {value}")
        segment.SetColor(*UNKNOWN_COLOR)
    else:
        segment.SetName(entry.name)
        segment.SetColor(*(part / 255 for part in entry.color))
        segment.SetTerminology(terminology_entry(entry))
    if layer is not None:
        segment.SetLabelValue(value)
        segment.AddRepresentation(slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName(), layer)
    return segment


def tagged_label(segment: Any) -> int | None:
    """Return the label that a segment is tagged with, or None."""
    text = vtk.reference("")
    if not segment.GetTag(LABEL_TAG, text) or not str(text).isdecimal():
        return None
    return int(str(text))


def head_to_tail(values: Iterable[int], scheme: LabelScheme) -> list[int]:
    """Order of the segment table: along the spine where there is one, then what runs along it, unknown values last."""

    def place(value: int) -> tuple[int, float, int]:
        if value not in scheme:
            return 2, 0.0, value
        order = scheme[value].structure.order
        return (1, 0.0, value) if order is None else (0, order, value)

    return sorted(values, key=place)
