"""Rules on rootlets: near the cord, in order, on both sides, no level left out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy import ndimage

from .problem import Problem
from .sequence import out_of_order
from .survey import Region, Survey

CORD_REACH_MM = 5.0
"""Rootlets begin at the cord: the nearest voxel of a level lies within this distance, and a voxel more."""

JUDGED_VOXELS = 8
"""A level of fewer voxels is too small to compare its sides."""

SIDE_SHARE = 0.1
"""Least share of a level's voxels on its weaker side."""


def near_cord(survey: Survey, cord: np.ndarray) -> Iterator[Problem]:
    """Find levels of rootlets that do not begin at the cord."""
    regions = survey.of_kind("rootlets")
    if not regions or not cord.any():
        return
    distance = ndimage.distance_transform_edt(~cord, sampling=survey.geometry.spacing)
    for region in regions:
        own = distance[region.box][region.mask]
        nearest = float(own.min())
        if nearest > CORD_REACH_MM + max(survey.geometry.spacing):
            yield survey.problem(
                "rootlets_near_cord",
                "error",
                region,
                f"The {region.name} lie {nearest:.0f} mm away from the cord.",
                "Extend them to the cord, or erase what is no rootlet.",
                index=survey.shown(region.mask, region.box),
                axial=True,
            )


def in_order(survey: Survey) -> Iterator[Problem]:
    """Find levels of rootlets that do not follow each other from head to tail."""
    regions = survey.of_kind("rootlets")
    for place in out_of_order([-float(_centre(survey, region)[2]) for region in regions]):
        region = regions[place]
        yield survey.problem(
            "rootlets_in_order",
            "error",
            region,
            f"The {region.name} do not lie where their level belongs in the row from head to tail.",
            "Correct the level.",
            index=survey.shown(region.mask, region.box),
            axial=True,
        )


def no_level_left_out(survey: Survey) -> Iterator[Problem]:
    """Find levels of rootlets that are missing between two that are there."""
    scheme = survey.labels.scheme
    known = [entry.structure.key for entry in scheme.of_kind("rootlets")]
    for upper, lower in pairwise(survey.of_kind("rootlets")):
        missing = known[known.index(upper.structure.key) + 1 : known.index(lower.structure.key)]
        for key in missing:
            yield survey.problem(
                "rootlets_complete",
                "warning",
                (key, scheme.value_of(key)),
                f"There are no {scheme[scheme.value_of(key)].structure.name}, but those of the levels above and below.",
                "Draw them, or check whether neighbouring levels are misnamed.",
                index=np.rint(survey.geometry.to_index((_centre(survey, upper) + _centre(survey, lower)) / 2)).astype(
                    int
                ),
                axial=True,
            )


def on_both_sides(survey: Survey, cord: np.ndarray | None) -> Iterator[Problem]:
    """Find levels of rootlets that are drawn on one side only."""
    for region in survey.of_kind("rootlets"):
        if region.truncated or region.voxels < JUDGED_VOXELS:
            continue
        voxels = survey.geometry.to_world(np.argwhere(region.mask) + [part.start for part in region.box])
        middle = _cord_middle(survey, cord, region)
        if middle is None:
            continue
        right = int((voxels[:, 0] > middle).sum())
        left = region.voxels - right
        if min(left, right) < SIDE_SHARE * region.voxels:
            side = "left" if left < right else "right"
            yield survey.problem(
                "rootlets_on_both_sides",
                "warning",
                region,
                f"The {region.name} are drawn on one side only; the {side} side is missing.",
                f"Draw those of the {side} side if they are visible.",
                index=survey.shown(region.mask, region.box),
                axial=True,
            )


def _centre(survey: Survey, region: Region) -> np.ndarray:
    return np.asarray(survey.geometry.to_world(np.argwhere(region.mask) + [p.start for p in region.box]).mean(axis=0))


def _cord_middle(survey: Survey, cord: np.ndarray | None, region: Region) -> float | None:
    """Left-right middle of the cord beside a level, or of all rootlets where no cord is given."""
    if cord is None:
        everything = np.argwhere(survey.labels.array != 0)
        return float(survey.geometry.to_world(everything)[:, 0].mean())
    axis = survey.axis_of["S"]
    box = tuple(region.box[own] if own == axis else slice(None) for own in range(3))
    voxels = np.argwhere(cord[box])
    if voxels.size == 0:
        return None
    offset = [part.start or 0 for part in box]
    return float(survey.geometry.to_world(voxels + offset)[:, 0].mean())
