"""Rules on the chain of levels: complete, in order, discs between their vertebrae, sacrum at the end.

Transitional anatomy (T13, L6, four lumbar or eleven thoracic vertebrae) is legal: it is pointed out, never an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from ..anatomy import scheme, structure
from ..anatomy.order import disc_below, vertebra_above, vertebra_below
from .problem import Problem
from .sequence import out_of_order
from .survey import Region, Survey

GAP_RATIO = 1.6
"""Neighbours whose middles lie further apart than this many times the usual step leave room for a whole vertebra."""

DISC_SPAN = (0.1, 0.9)
"""Between the middles of its two vertebrae (0 and 1) a disc's middle lies in this part of the way."""

DISC_OFF_AXIS = 0.6
"""Largest distance of a disc's middle from the line between its vertebrae, in lengths of that line."""

_LEGAL_GAPS = {
    ("vertebra_T11", "vertebra_L1"): "There is no T12: eleven thoracic vertebrae",
    ("vertebra_L4", "sacrum"): "There is no L5: four lumbar vertebrae",
}
_VARIANTS = {
    "vertebra_T13": "There is a T13: thirteen thoracic vertebrae",
    "vertebra_L6": "There is an L6: six lumbar vertebrae",
    "vertebra_L7": "There is an L7: seven lumbar vertebrae",
}
_TRANSITIONAL_REMEDY = (
    "Accept it if the person has this anatomy (count from C2 or look at the ribs); otherwise shift the levels."
)


def column(survey: Survey) -> tuple[Region, ...]:
    """Vertebrae and sacrum from head to tail, as their names say."""
    return survey.of_kind("vertebra", "sacrum")


def consecutive(survey: Survey) -> Iterator[Problem]:
    """Find levels left out between two that are present, and gaps that leave room for one."""
    for upper, lower in pairwise(column(survey)):
        missing = _between(upper, lower)
        wide = _is_wide(survey, upper, lower)
        legal = _LEGAL_GAPS.get((upper.structure.key, lower.structure.key))
        if missing and legal and not wide:
            yield survey.problem("transitional", "info", upper, f"{legal}, or a misnamed level.", _TRANSITIONAL_REMEDY)
        elif missing:
            yield _missing_levels(survey, upper, lower, missing, wide=wide)
        elif wide:
            yield survey.problem(
                "consecutive",
                "warning",
                upper,
                f"{upper.name} and {lower.name} lie {_step(upper, lower):.0f} mm apart: there is room for another "
                "vertebra between them.",
                "Look whether a vertebra without label lies between them; if so, label it and shift the levels below.",
                index=_halfway(survey, upper, lower),
            )


def transitional(survey: Survey) -> Iterator[Problem]:
    """Point out additional vertebrae."""
    for region in survey.of_kind("vertebra"):
        text = _VARIANTS.get(region.structure.key)
        if text:
            yield survey.problem("transitional", "info", region, f"{text}, or misnamed levels.", _TRANSITIONAL_REMEDY)


def in_order(survey: Survey) -> Iterator[Problem]:
    """Find levels that do not follow each other from head to tail."""
    for regions in ([r for r in column(survey) if not r.truncated], _whole(survey.of_kind("disc"))):
        if len(regions) < 2:
            continue
        down = _downwards(regions)
        positions = [float(region.middle @ down) for region in regions]
        for place in out_of_order(positions):
            region = regions[place]
            yield survey.problem(
                "in_order",
                "error",
                region,
                f"{region.name} does not lie where its name belongs in the row from head to tail.",
                "Give it the name of its place, or exchange it with the level it was confused with.",
            )


def disc_between(survey: Survey) -> Iterator[Problem]:
    """Find discs that do not lie between the vertebrae of their name."""
    present = {region.structure.key: region for region in survey.regions}
    for disc in _whole(survey.of_kind("disc")):
        upper = present.get(vertebra_above(disc.structure.key, present) or "")
        lower = present.get(vertebra_below(disc.structure.key, present) or "")
        if upper is None or lower is None or upper.truncated or (lower.truncated and lower.structure.kind != "sacrum"):
            continue
        if not _lies_between(disc, upper, lower):
            yield survey.problem(
                "disc_between",
                "error",
                disc,
                f"The {disc.name} does not lie between {upper.name} and {lower.name}.",
                "Give it the label of the disc whose place it takes, or correct the vertebrae beside it.",
            )


def disc_present(survey: Survey) -> Iterator[Problem]:
    """Find neighbouring vertebrae without a disc between them."""
    present = {region.structure.key for region in survey.regions}
    if not survey.of_kind("disc"):
        return
    for upper, lower in pairwise(column(survey)):
        wanted = disc_below(upper.structure.key, present)
        skipped = upper.truncated or lower.truncated or _between(upper, lower)
        if wanted is None or skipped or wanted in present or not survey.labels.scheme.has(wanted):
            continue
        yield survey.problem(
            "disc_present",
            "warning",
            (wanted, survey.labels.scheme.value_of(wanted)),
            f"The {structure(wanted).name} is missing between {upper.name} and {lower.name}.",
            "Draw the disc, or leave it out if the vertebrae are fused.",
            index=_halfway(survey, upper, lower),
        )


def sacrum_last(survey: Survey) -> Iterator[Problem]:
    """Find a sacrum that lies above a vertebra."""
    vertebrae, sacra = survey.of_kind("vertebra"), survey.of_kind("sacrum")
    if not vertebrae or not sacra:
        return
    sacrum, lowest = sacra[0], min(vertebrae, key=lambda region: float(region.middle[2]))
    if lowest.middle[2] < sacrum.middle[2]:
        yield survey.problem(
            "sacrum_last",
            "error",
            sacrum,
            f"The sacrum lies above {lowest.name}.",
            "Erase what is not sacrum, or correct the labels below it.",
        )


def _whole(regions: Sequence[Region]) -> list[Region]:
    return [region for region in regions if not region.truncated]


def _between(upper: Region, lower: Region) -> tuple[str, ...]:
    """Names of usual levels that should lie between two regions of the column."""
    low, high = upper.structure.order or 0.0, lower.structure.order or 0.0
    levels = [entry.structure for entry in scheme("spine").of_kind("vertebra")]
    required = {"vertebra_L6"} if lower.structure.key == "vertebra_L7" else set()
    found = [entry for entry in levels if not entry.variant or entry.key in required]
    return tuple(entry.name.removesuffix(" vertebra") for entry in found if low < (entry.order or 0.0) < high)


def _missing_levels(survey: Survey, upper: Region, lower: Region, missing: tuple[str, ...], *, wide: bool) -> Problem:
    names = missing[0] if len(missing) == 1 else f"{missing[0]} to {missing[-1]}"
    if wide:
        message = f"{names} is missing: there is a gap of {_step(upper, lower):.0f} mm between {upper.name} and "
        message += f"{lower.name}."
        remedy = "Label what lies between them."
    else:
        message = f"{names} is left out: {lower.name} follows directly below {upper.name}."
        remedy = "The levels above or below are probably misnamed: shift them by one."
    return survey.problem("consecutive", "error", upper, message, remedy, index=_halfway(survey, upper, lower))


def _step(upper: Region, lower: Region) -> float:
    return float(np.linalg.norm(upper.middle - lower.middle))


def _is_wide(survey: Survey, upper: Region, lower: Region) -> bool:
    """Whether two neighbours lie so far apart that a vertebra fits between; the sacrum's middle lies deep in it."""
    if upper.truncated or upper.structure.key == "vertebra_C1":
        return False
    regions = [region for region in column(survey) if not region.truncated and region.structure.kind == "vertebra"]
    near = sorted(
        (abs(float(a.middle[2] + b.middle[2] - upper.middle[2] - lower.middle[2])), _step(a, b))
        for a, b in pairwise(regions)
        if (a, b) != (upper, lower)
    )[:4]
    if len(near) < 2:
        return False
    usual = float(np.median([step for _, step in near]))
    if lower.structure.kind == "sacrum":
        return _clearance(survey, upper, lower) > GAP_RATIO * usual
    return not lower.truncated and _step(upper, lower) > GAP_RATIO * usual


def _clearance(survey: Survey, upper: Region, sacrum: Region) -> float:
    """Distance from a vertebra's middle to the nearest voxel of the sacrum, and half a step more."""
    voxels = survey.geometry.to_world(np.argwhere(sacrum.mask) + [part.start for part in sacrum.box])
    return 1.6 * float(np.linalg.norm(voxels - upper.middle, axis=1).min())


def _halfway(survey: Survey, upper: Region, lower: Region) -> np.ndarray:
    index = np.rint(survey.geometry.to_index((upper.middle + lower.middle) / 2)).astype(int)
    return np.asarray(np.clip(index, 0, np.array(survey.geometry.shape) - 1))


def _downwards(regions: Sequence[Region]) -> np.ndarray:
    """Return the unit vector along the row of middles, from head to tail in the world."""
    middles = np.array([region.middle for region in regions])
    centred = middles - middles.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    if abs(axis[2]) < 0.5:  # too few levels to tell: head to tail is what the scanner says
        axis = np.array([0.0, 0.0, 1.0])
    return np.asarray(-axis if axis[2] > 0 else axis)


def _lies_between(disc: Region, upper: Region, lower: Region) -> bool:
    way = lower.middle - upper.middle
    length2 = float(way @ way)
    if length2 == 0.0:
        return False
    along = float((disc.middle - upper.middle) @ way) / length2
    aside = float(np.linalg.norm(disc.middle - upper.middle - along * way)) / length2**0.5
    return DISC_SPAN[0] < along < DISC_SPAN[1] and aside < DISC_OFF_AXIS
