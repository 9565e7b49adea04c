"""Rules on what lies in the canal: no bone, all of the cord, and a canal wherever the cord is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from ..anatomy import structure
from .problem import Problem, Severity, in_voxels
from .survey import Box, Region, Survey, run_bounds

DEPTH_ERROR_MM = 2.5
"""An overlap that reaches deeper than this, and than one voxel, is no drawing accuracy but a leak."""

TUBE_SPECK_SHARE = 0.01
"""Pieces beside the main tube that hold less than this together are specks."""

CANAL_ABOVE_MM = 45.0
"""If the canal goes on further than this above the topmost named level, levels without label are likely."""

TOP_LEVELS = ("vertebra_C1", "vertebra_C2")
"""Nothing is missing above these."""

CONUS_RANGE = ("vertebra_T11", "vertebra_L3")
"""The cord of an adult ends between these levels; elsewhere the levels may be shifted, or the cord is tethered."""

BONE_KINDS = ("vertebra", "disc", "sacrum", "coccyx", "endplate", "vertebra_part")


def bone_in_canal(survey: Survey, canal: np.ndarray) -> Iterator[Problem]:
    """Find vertebrae and discs that reach into the canal."""
    depth, box = _depth(canal, survey)
    if depth is None:
        return
    inside = survey.labels.array[box]
    for region in survey.of_kind(*BONE_KINDS):
        overlap = (inside == region.value) & (depth > 0)
        count = int(np.count_nonzero(overlap))
        if not count:
            continue
        reach = float(depth[overlap].max())
        severity = _severity(survey, reach)
        yield survey.problem(
            "bone_in_canal",
            severity,
            region,
            f"{region.name} overlaps the canal in {in_voxels(count)}, up to {reach:.1f} mm deep.",
            "Subtract the canal from the spine mask, or correct the canal if it is the one that is too wide.",
            index=survey.shown(overlap, box),
            axial=True,
        )


def cord_in_canal(survey: Survey, cord: np.ndarray, canal: np.ndarray) -> Iterator[Problem]:
    """Find cord outside the canal, on the slices that have a canal at all."""
    axis = survey.axis_of["S"]
    has_canal = canal.any(axis=_others(axis))
    shape = [1, 1, 1]
    shape[axis] = -1
    outside = cord & ~canal & has_canal.reshape(shape)
    count = int(np.count_nonzero(outside))
    if not count:
        return
    box = _box_around(outside)
    grown = _grown(box, canal.shape)
    distance = ndimage.distance_transform_edt(~canal[grown], sampling=survey.geometry.spacing)
    reach = float(distance[outside[grown]].max())
    yield survey.problem(
        "cord_in_canal",
        _severity(survey, reach),
        ("cord", None),
        f"The cord leaves the canal in {in_voxels(count)}, by up to {reach:.1f} mm.",
        "Widen the canal or narrow the cord there.",
        index=survey.shown(outside[box], box),
        axial=True,
    )


def canal_along_cord(survey: Survey, cord: np.ndarray, canal: np.ndarray) -> Iterator[Problem]:
    """Find slices across the spine that have cord but no canal."""
    axis = survey.axis_of["S"]
    lacking = cord.any(axis=_others(axis)) & ~canal.any(axis=_others(axis))
    for first, last in run_bounds(np.asarray(lacking)):
        box = tuple(slice(first, last + 1) if own == axis else slice(None) for own in range(3))
        places = f"slice {first}" if first == last else f"slices {first} to {last}"
        yield survey.problem(
            "canal_along_cord",
            "error",
            ("canal_whole", None),
            f"There is cord but no canal on {places} across the spine.",
            "Draw the canal there: it holds the cord.",
            index=survey.shown(cord[box], box),  # type: ignore[arg-type]
            axial=True,
        )


def canal_in_one_piece(survey: Survey, canal: np.ndarray, name: str) -> Iterator[Problem]:
    """Find a canal or cord that is no single tube."""
    if not canal.any():
        return
    box = _box_around(canal)
    numbered, count = ndimage.label(canal[box], structure=np.ones((3, 3, 3)))
    if count < 2:
        return
    sizes = np.bincount(numbered.ravel())[1:]
    if sizes.sum() - sizes.max() < TUBE_SPECK_SHARE * sizes.sum():
        return
    second = int(np.argsort(sizes, kind="stable")[-2]) + 1
    what = "cord" if name == "cord" else "canal"
    yield survey.problem(
        "tube_in_one_piece",
        "warning",
        (name, None),
        f"The {what} lies in {count} pieces; the second largest has {in_voxels(int(sizes[second - 1]))}.",
        "Bridge the gap, or erase what is not part of it.",
        index=survey.shown(numbered == second, box),
    )


def levels_along_canal(survey: Survey, canal: np.ndarray) -> Iterator[Problem]:
    """Find a canal that goes on above the topmost named level."""
    vertebrae = survey.of_kind("vertebra")
    if not vertebrae or not canal.any() or vertebrae[0].structure.key in TOP_LEVELS:
        return
    top = vertebrae[0]
    ends = np.argwhere(canal.any(axis=_others(survey.axis_of["S"])))
    corners = np.zeros((2, 3))
    corners[:, survey.axis_of["S"]] = (ends.min(), ends.max())
    direction = survey.geometry.affine[:3, survey.axis_of["S"]]
    direction = direction / np.linalg.norm(direction)
    direction = direction if direction[2] > 0 else -direction
    above = float((survey.geometry.to_world(corners) @ direction).max() - top.middle @ direction)
    if above > CANAL_ABOVE_MM:
        yield survey.problem(
            "levels_along_canal",
            "warning",
            top,
            f"The canal goes on {above:.0f} mm above {top.name}, the topmost labelled level.",
            "Look whether vertebrae above it lack a label.",
        )


def conus_level(survey: Survey, cord: np.ndarray) -> Iterator[Problem]:
    """Find a cord that ends at an unlikely level."""
    vertebrae = [region for region in survey.of_kind("vertebra") if not region.truncated]
    if len(vertebrae) < 3 or not cord.any():
        return
    voxels = np.argwhere(cord)
    heights = survey.geometry.to_world(voxels)[:, 2]
    tip = voxels[int(np.argmin(heights))]
    axis = survey.axis_of["S"]
    if tip[axis] in (0, cord.shape[axis] - 1) or heights.min() < min(r.middle[2] for r in vertebrae):
        return
    beside = min(vertebrae, key=lambda region: abs(float(region.middle[2] - heights.min())))
    low, high = (structure(key).order or 0.0 for key in CONUS_RANGE)
    if low <= (beside.structure.order or 0.0) <= high:
        return
    yield survey.problem(
        "conus_level",
        "warning",
        ("cord", None),
        f"The cord ends beside {beside.name}; it usually ends between T12 and L2.",
        "Check whether the levels are shifted, or whether the cord mask stops too early or runs on into the roots.",
        index=tip,
    )


def _severity(survey: Survey, reach: float) -> Severity:
    """One voxel of a thick slice is deep in millimetres, but still no more than one voxel."""
    return "error" if reach > max(DEPTH_ERROR_MM, 1.01 * max(survey.geometry.spacing)) else "warning"


def _depth(canal: np.ndarray, survey: Survey) -> tuple[np.ndarray | None, Box]:
    """Distance of the canal's voxels from its surface in mm (0 outside), in a box around the bone inside it."""
    bone = [region.value for region in survey.of_kind(*BONE_KINDS)]
    inside = canal & (survey.labels.array != 0)
    if not bone or not inside.any():
        return None, (slice(0), slice(0), slice(0))
    box = _grown(_box_around(inside), canal.shape)
    return np.asarray(ndimage.distance_transform_edt(canal[box], sampling=survey.geometry.spacing)), box


def _box_around(mask: np.ndarray) -> Box:
    box = []
    for axis in range(3):
        used = np.flatnonzero(mask.any(axis=_others(axis)))
        box.append(slice(int(used[0]), int(used[-1]) + 1))
    return box[0], box[1], box[2]


def _grown(box: Box, shape: tuple[int, ...], margin: int = 12) -> Box:
    i, j, k = (slice(max(0, b.start - margin), min(n, b.stop + margin)) for b, n in zip(box, shape, strict=True))
    return i, j, k


def _others(axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(3) if other != axis)


def region_mask(survey: Survey, *kinds: str) -> np.ndarray | None:
    """Voxels of some kinds of structures in the mask itself, or None if it has none."""
    regions: tuple[Region, ...] = survey.of_kind(*kinds)
    return survey.labels.mask([region.value for region in regions]) if regions else None
