"""Pure functions on label maps: matching, joining, splitting, subtracting. They read no files and change no input."""

from .decisions import Decision
from .instances import LABELLED, ORDINAL, detect_convention
from .overlap import OverlapTable, joint_histogram
from .spine import POLICIES, SpineInputs, SpineRefinement, refine_spine

__all__ = [
    "LABELLED",
    "ORDINAL",
    "POLICIES",
    "Decision",
    "OverlapTable",
    "SpineInputs",
    "SpineRefinement",
    "detect_convention",
    "joint_histogram",
    "refine_spine",
]
