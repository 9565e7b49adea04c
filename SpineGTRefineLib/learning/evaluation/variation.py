"""How much raters, or the scans of one person, differ about where the levels are: the COV of a whole dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from .extents import LevelExtent, variation_of_levels
from .structures import from_head_to_tail


@dataclass(frozen=True)
class MeanVariation:
    """The variation of one level, averaged over groups.

    Parameters
    ----------
    groups
        How many groups have the level twice or more.
    percent
        Mean of their coefficients of variation.
    """

    groups: int
    percent: float


def mean_variation(groups: Mapping[str, Mapping[str, Sequence[LevelExtent]]]) -> dict[str, MeanVariation]:
    """Average the variation within groups over all groups.

    Parameters
    ----------
    groups
        The levels that each member of each group found: cases and their raters, or people and their scans. What
        differs between groups, the length of necks say, has no part in it.

    Returns
    -------
    dict
        From head to tail, the levels that at least two members of a group found.
    """
    found: dict[str, list[float]] = {}
    for members in groups.values():
        for key, percent in variation_of_levels(members).items():
            if percent is not None:
                found.setdefault(key, []).append(percent)
    return {key: MeanVariation(len(found[key]), fmean(found[key])) for key in sorted(found, key=from_head_to_tail)}
