"""Volumes on disk and in memory: geometry, the NIfTI gate, the atomic writer, resampling, reorientation, crops."""

from .counting import present_values, value_counts
from .crop import Box, crop, restore
from .difference import LabelDifference, ValueDifference, label_difference
from .geometry import BACK_FRONT, FOOT_HEAD, GRID_TOLERANCE_MM, LEFT_RIGHT, Geometry
from .headers import forms_disagree, geometry_from_header, header_for_new_mask, header_from_geometry
from .nifti import encode_labels, read_image, read_labels, write_image, write_labels
from .orientation import reorient, reorient_to_grid
from .resample import resample_image, resample_labels
from .volumes import Image, LabelMap, Source

__all__ = [
    "BACK_FRONT",
    "FOOT_HEAD",
    "GRID_TOLERANCE_MM",
    "LEFT_RIGHT",
    "Box",
    "Geometry",
    "Image",
    "LabelDifference",
    "LabelMap",
    "Source",
    "ValueDifference",
    "crop",
    "encode_labels",
    "forms_disagree",
    "geometry_from_header",
    "header_for_new_mask",
    "header_from_geometry",
    "label_difference",
    "present_values",
    "read_image",
    "read_labels",
    "reorient",
    "reorient_to_grid",
    "resample_image",
    "resample_labels",
    "restore",
    "value_counts",
    "write_image",
    "write_labels",
]
