"""Pure functions on label maps: matching, cleaning, joining, splitting, subtracting. They read no files.

Every step takes label maps and returns a new one; nothing that is given is changed. The steps of ``spine-gt-refine
refine`` are here under the same names, with underscores; only ``recompose`` needs a dataset and is in ``recipes``.
"""

from typing import TYPE_CHECKING, NoReturn

from .canal import canal_around_cord, cord_inside_canal, fill_canal, subtract_canal
from .decisions import Decision
from .instances import LABELLED, ORDINAL, detect_convention
from .layers import compose, decompose
from .levels import merge, merge_fragment, rename, shift_levels, swap_levels
from .overlap import OverlapTable, joint_histogram
from .pieces import fill_holes, largest_component, remove_small
from .rootlet_names import NamedRootlets, name_rootlets
from .rootlets import SpinalLevels, spinal_levels, zero_below
from .spine import POLICIES, SpineInputs, SpineRefinement, refine_spine
from .surface import expand, shrink, smooth
from .transfer import Transfer, merge_endplates, transfer_labels

__all__ = [
    "LABELLED",
    "ORDINAL",
    "POLICIES",
    "Decision",
    "NamedRootlets",
    "OverlapTable",
    "SpinalLevels",
    "SpineInputs",
    "SpineRefinement",
    "Transfer",
    "canal_around_cord",
    "compose",
    "cord_inside_canal",
    "decompose",
    "detect_convention",
    "expand",
    "fill_canal",
    "fill_holes",
    "joint_histogram",
    "largest_component",
    "merge",
    "merge_endplates",
    "merge_fragment",
    "name_rootlets",
    "refine_spine",
    "remove_small",
    "rename",
    "shift_levels",
    "shrink",
    "smooth",
    "spinal_levels",
    "subtract_canal",
    "swap_levels",
    "transfer_labels",
    "zero_below",
]

if not TYPE_CHECKING:  # A type checker has to find a misspelt step by itself.

    def __getattr__(name: str) -> NoReturn:
        """Answer a misspelt step with those that there are."""
        raise AttributeError(f"There is no step {name!r}. Steps: {', '.join(filter(str.islower, __all__))}.")
