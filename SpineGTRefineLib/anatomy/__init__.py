"""Structures of the spine, the label schemes that number them, and conversions between schemes."""

from .canal import join_canal, split_canal
from .conversions import Conversion, LossReport, conversion
from .order import disc_below, resolve_disc, spine_order, vertebra_above, vertebra_below
from .schemes import LabelEntry, LabelScheme, read_scheme, scheme, scheme_names
from .structures import Structure, structure, structures

__all__ = [
    "Conversion",
    "LabelEntry",
    "LabelScheme",
    "LossReport",
    "Structure",
    "conversion",
    "disc_below",
    "join_canal",
    "read_scheme",
    "resolve_disc",
    "scheme",
    "scheme_names",
    "spine_order",
    "split_canal",
    "structure",
    "structures",
    "vertebra_above",
    "vertebra_below",
]
