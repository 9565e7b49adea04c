"""How good masks are: metrics of a case, and the paired comparison of two models or two ground truths.

Functions here take label maps and numbers and return numbers; they read and write no files.
"""

from .case import STRUCTURE_METRICS, TOLERANCE_MM, CaseMetrics, evaluate_case
from .centerline import Centerline, centerline_below, pmj_position
from .comparison import PairedComparison, PairedDifference, StructureComparison, compare_paired, person_in_name
from .extents import LevelExtent, coefficient_of_variation, level_extents, variation_of_levels
from .glossary import Explanation, explanation, explanations
from .instances import InstanceMetrics
from .pairing import Choice, MaskPair, pair_masks
from .slices import LevelMetrics
from .structures import StructureMetrics
from .summary import Spread, StructureSummary, instance_rows, level_rows, structure_rows, summarize
from .surfaces import SurfaceDistances, surface_distances
from .variation import MeanVariation, mean_variation

__all__ = [
    "STRUCTURE_METRICS",
    "TOLERANCE_MM",
    "CaseMetrics",
    "Centerline",
    "Choice",
    "Explanation",
    "InstanceMetrics",
    "LevelExtent",
    "LevelMetrics",
    "MaskPair",
    "MeanVariation",
    "PairedComparison",
    "PairedDifference",
    "Spread",
    "StructureComparison",
    "StructureMetrics",
    "StructureSummary",
    "SurfaceDistances",
    "centerline_below",
    "coefficient_of_variation",
    "compare_paired",
    "evaluate_case",
    "explanation",
    "explanations",
    "instance_rows",
    "level_extents",
    "level_rows",
    "mean_variation",
    "pair_masks",
    "person_in_name",
    "pmj_position",
    "structure_rows",
    "summarize",
    "surface_distances",
    "variation_of_levels",
]
