"""Volumes on disk and in memory: geometry, the NIfTI gate, the atomic writer, resampling, reorientation, crops."""

from .geometry import GRID_TOLERANCE_MM, Geometry
from .volumes import Image, LabelMap, Source, present_values

__all__ = ["GRID_TOLERANCE_MM", "Geometry", "Image", "LabelMap", "Source", "present_values"]
