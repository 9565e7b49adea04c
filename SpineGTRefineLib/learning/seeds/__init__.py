"""Lists of cases that earlier projects made: read as they are, with what is wrong about them."""

from .listing import Defect, ListedCase, SeedList, matched, without_leaks
from .pairs import adopt_pairs, find_pairs
from .reading import read_seed_list

__all__ = [
    "Defect",
    "ListedCase",
    "SeedList",
    "adopt_pairs",
    "find_pairs",
    "matched",
    "read_seed_list",
    "without_leaks",
]
