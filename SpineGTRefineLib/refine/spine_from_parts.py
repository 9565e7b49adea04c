"""From what a network can see (parts and regions) to what a ground truth says (levels): the spine with its names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..anatomy import disc_below, scheme
from ..imaging import Geometry, LabelMap
from .column import Column, find_column
from .components import label_components, largest_component
from .level_names import Naming, name_chain
from .nearest import nearest_label
from .spread import spread

LOOSE_REACH_MM = 6.0
"""A posterior piece that hangs on no body goes to the nearest vertebra within this distance."""

SACRUM_MM3 = 1500.0
"""A piece of sacrum below this volume says nothing about the levels above it."""

SACRUM_REACH = 1.6
"""The sacrum is directly below the last vertebra if it begins within this many distances between vertebrae."""

AXIS_LOOKS = 0.95
"""How much a cervical vertebra looks like C2 for having no body above it: only C2 has none."""

AXIS_ROOM_MM = 28.0
"""The image must reach this far above the centre of a body, or the body above it could be out of view."""

SPECK = 0.1
"""A disc below this part of the usual volume is a speck."""


@dataclass(frozen=True, eq=False)
class NamedSpine:
    """A spine with its levels.

    Parameters
    ----------
    labels
        Vertebrae, discs and sacrum, scheme ``spine``.
    column
        The vertebrae that were found.
    naming
        Their names and how sure they are; None where no human spine explains the chain (then only the sacrum is in
        ``labels``), or where there is no vertebra.
    above_sacrum
        Whether the last vertebra sits on a sacrum that is in the image.
    """

    labels: LabelMap
    column: Column
    naming: Naming | None
    above_sacrum: bool


def spine_from_parts(parts: LabelMap, fixed: Mapping[int, str] | None = None) -> NamedSpine:
    """Tell the vertebrae of a map of parts apart and name them.

    Parameters
    ----------
    parts
        Scheme ``spine_parts``.
    fixed
        Levels that are known, by position from the top of the image (0 is the first vertebra).

    Returns
    -------
    NamedSpine
        On the same grid. Each vertebra is one body with the posterior elements that hang on it.
    """
    column = find_column(parts)
    discs, pieces = _discs(parts, column)
    column = _with_axis(column, parts.geometry)
    sacrum = _sacrum(parts)
    above_sacrum = _sits_on(column, sacrum, parts)
    naming = name_chain([member.looks for member in column.members], above_sacrum=above_sacrum, fixed=fixed)
    target = scheme("spine")
    result = np.zeros(parts.array.shape, dtype=np.uint8)
    if naming is not None:
        values = np.zeros(int(column.labels.max()) + 1, dtype=np.uint8)
        for member, level in zip(column.members, naming.levels, strict=True):
            if member.label:
                values[member.label] = target.value_of(f"vertebra_{level}")
        result = values[_whole_vertebrae(column, parts)]
        names = _disc_names(naming, discs)
        lookup = np.zeros(int(pieces.max()) + 1, dtype=np.uint8)
        for piece, key in names.items():
            lookup[piece] = target.value_of(key)
        result = np.where(lookup[pieces] > 0, lookup[pieces], result)
    result[sacrum] = target.value_of("sacrum")
    return NamedSpine(LabelMap(result, parts.geometry, target), column, naming, above_sacrum)


def _with_axis(column: Column, grid: Geometry) -> Column:
    """Let the first cervical vertebra look like C2 if there is room for a body above it: C1 has none."""
    members = column.members
    if not members or members[0].looks.get("C", 0.0) < 0.5:
        return column
    if _room_above(grid, members[0].center) < AXIS_ROOM_MM:
        return column
    looks = {region: part * (1 - AXIS_LOOKS) for region, part in members[0].looks.items()}
    looks["C2"] = looks.get("C2", 0.0) + AXIS_LOOKS
    return replace(column, members=(replace(members[0], looks=looks), *members[1:]))


def _room_above(grid: Geometry, point: np.ndarray) -> float:
    """Millimetres between a point and the top of the image, along the axis that runs from foot to head."""
    axis = int(np.abs(grid.affine[2, :3]).argmax())
    index = float(grid.to_index(point)[axis])
    return (grid.shape[axis] - 1 - index if grid.affine[2, axis] > 0 else index) * grid.spacing[axis]


def _whole_vertebrae(column: Column, parts: LabelMap) -> np.ndarray:
    """Give the posterior elements to the bodies that they hang on; C1 has its own part and takes none."""
    posterior = parts.array == parts.scheme.value_of("vertebra_part_posterior")
    atlas = parts.array == parts.scheme.value_of("vertebra_C1")
    bodies = np.where(atlas, 0, column.labels)
    whole = spread(bodies, posterior | (bodies > 0))
    loose = posterior & (whole == 0)
    whole += nearest_label(whole, loose, parts.geometry, LOOSE_REACH_MM)
    return np.where(atlas, column.labels, whole)


def _sacrum(parts: LabelMap) -> np.ndarray:
    mask = parts.array == parts.scheme.value_of("sacrum")
    return np.asarray(largest_component(mask.astype(np.uint8)) > 0)


def _sits_on(column: Column, sacrum: np.ndarray, parts: LabelMap) -> bool:
    """Whether the sacrum begins directly below the last vertebra."""
    members = column.members
    if not members or np.count_nonzero(sacrum) * parts.geometry.voxel_volume < SACRUM_MM3:
        return False
    last = members[-1].center
    voxels = parts.geometry.to_world(np.argwhere(sacrum))
    usual = float(np.linalg.norm(last - members[-2].center)) if len(members) > 1 else 35.0
    nearest = float(np.linalg.norm(voxels - last, axis=1).min())
    return bool(voxels[:, 2].mean() < last[2] and nearest < SACRUM_REACH * usual)


def _discs(parts: LabelMap, column: Column) -> tuple[dict[int, int], np.ndarray]:
    """Find the discs: number of each piece to the position of the vertebra above it (-1: above the first one)."""
    pieces, sizes = label_components(parts.array == parts.scheme.value_of("disc"), 1)
    if not sizes.size or not column.found:
        return {}, pieces
    usual = float(np.median(np.sort(sizes)[::-1][: max(1, len(column.found))]))
    large = [n for n, size in enumerate(sizes, start=1) if size >= SPECK * usual]
    middles = ndimage.center_of_mass(pieces > 0, pieces, large)
    centers = parts.geometry.to_world(np.array(middles).reshape(-1, 3))
    heights = np.array([member.center[2] for member in column.members])
    return {n: int((heights > center[2]).sum()) - 1 for n, center in zip(large, centers, strict=True)}, pieces


def _disc_names(naming: Naming, discs: Mapping[int, int]) -> dict[int, str]:
    """Name each disc after the vertebra above it; none lies between C1 and C2."""
    present = {f"vertebra_{level}" for level in naming.column} | {"sacrum"}
    first = naming.column.index(naming.levels[0])
    names = {}
    for piece, position in discs.items():
        index = first + position
        if index < 1:
            continue
        key = disc_below(f"vertebra_{naming.column[index]}", present)
        if key is not None:
            names[piece] = key
    return names
