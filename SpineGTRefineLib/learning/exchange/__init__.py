"""To nnU-Net and back, without losing a label, a name or a place on the way."""

from .back import ReadBack, put_back, read_back, save_back
from .export import export_version
from .numbers import LabelNumbers
from .record import ExportedCase, ExportRecord
from .selection import ExportSettings, numbers_of

__all__ = [
    "ExportRecord",
    "ExportSettings",
    "ExportedCase",
    "LabelNumbers",
    "ReadBack",
    "export_version",
    "numbers_of",
    "put_back",
    "read_back",
    "save_back",
]
