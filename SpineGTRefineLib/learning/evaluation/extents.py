"""Where along the cord each spinal level lies, and how much raters, models or sessions differ about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...imaging import LabelMap
from ...refine.rootlets import CORD_REACH_MM, spinal_levels
from .centerline import centerline_below
from .slices import HeadFoot


@dataclass(frozen=True)
class LevelExtent:
    """The stretch of cord that is one spinal level.

    Parameters
    ----------
    key
        ``spinal_level_C5`` ...
    start_mm, end_mm
        Way along the cord from the pontomedullary junction to the upper and the lower end of the level.
    """

    key: str
    start_mm: float
    end_mm: float

    @property
    def length_mm(self) -> float:
        """Length along the cord."""
        return self.end_mm - self.start_mm

    @property
    def middle_mm(self) -> float:
        """Way from the junction to the middle of the level."""
        return (self.start_mm + self.end_mm) / 2

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON and tables."""
        return {**asdict(self), "middle_mm": self.middle_mm, "length_mm": self.length_mm}


def level_extents(
    rootlets: LabelMap, cord: LabelMap, pmj_mm: np.ndarray, *, reach_mm: float = CORD_REACH_MM
) -> tuple[LevelExtent, ...]:
    """Measure where the rootlets of each level enter the cord, as ways from the pontomedullary junction.

    Parameters
    ----------
    rootlets, cord
        On one grid; schemes ``rootlets`` and any.
    pmj_mm
        The junction in RAS millimetres.
    reach_mm
        Rootlets this near to the cord enter it.

    Returns
    -------
    tuple of LevelExtent
        From head to tail; a level that lies partly above the junction is left out.
    """
    along = HeadFoot.of(cord.geometry)
    way = centerline_below(cord, pmj_mm)
    extents = []
    for key, slices in spinal_levels(rootlets, cord, reach_mm=reach_mm).slices.items():
        first, last = sorted(along.from_head(index) for index in slices)
        start, end = way.distance_mm(first - 0.5), way.distance_mm(last + 0.5)  # borders of the outermost slices
        if start is not None and end is not None:
            extents.append(LevelExtent(key, start, end))
    return tuple(extents)


def coefficient_of_variation(values: Sequence[float]) -> float | None:
    """Return the sample standard deviation in percent of the mean; None for fewer than two values or a mean of 0."""
    if len(values) < 2 or not np.mean(values):
        return None
    return float(np.std(values, ddof=1) / np.mean(values) * 100)


def variation_of_levels(extents: Mapping[str, Sequence[LevelExtent]]) -> dict[str, float | None]:
    """Say how much several raters (models, sessions, sites) differ about where each level is.

    Parameters
    ----------
    extents
        The levels of one person, by rater.

    Returns
    -------
    dict
        For each level that anybody found, the coefficient of variation, in percent, of the way from the junction to its
        middle; None where fewer than two found it.
    """
    middles: dict[str, list[float]] = {}
    for levels in extents.values():
        for level in levels:
            middles.setdefault(level.key, []).append(level.middle_mm)
    return {key: coefficient_of_variation(values) for key, values in middles.items()}
