"""Structures of the spine, the label schemes that number them, and conversions between schemes."""

from .conversions import Conversion, LossReport, conversion
from .schemes import LabelEntry, LabelScheme, read_scheme, scheme, scheme_names
from .structures import Structure, structure, structures

__all__ = [
    "Conversion",
    "LabelEntry",
    "LabelScheme",
    "LossReport",
    "Structure",
    "conversion",
    "read_scheme",
    "scheme",
    "scheme_names",
    "structure",
    "structures",
]
