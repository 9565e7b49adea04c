"""How good masks are: metrics of a case, and the paired comparison of two models or two ground truths.

Functions here take label maps and numbers and return numbers; they read and write no files.
"""

from .case import STRUCTURE_METRICS, TOLERANCE_MM, CaseMetrics, evaluate_case
from .centerline import Centerline, centerline_below, pmj_position
from .comparison import PairedComparison, PairedDifference, StructureComparison, compare_paired, person_in_name
from .extents import LevelExtent, coefficient_of_variation, level_extents, variation_of_levels
from .instances import InstanceMetrics
from .slices import LevelMetrics
from .structures import StructureMetrics
from .surfaces import SurfaceDistances, surface_distances

__all__ = [
    "STRUCTURE_METRICS",
    "TOLERANCE_MM",
    "CaseMetrics",
    "Centerline",
    "InstanceMetrics",
    "LevelExtent",
    "LevelMetrics",
    "PairedComparison",
    "PairedDifference",
    "StructureComparison",
    "StructureMetrics",
    "SurfaceDistances",
    "centerline_below",
    "coefficient_of_variation",
    "compare_paired",
    "evaluate_case",
    "level_extents",
    "person_in_name",
    "pmj_position",
    "surface_distances",
    "variation_of_levels",
]
