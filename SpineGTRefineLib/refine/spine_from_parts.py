"""From what a network can see (parts and regions) to what a ground truth says (levels): the spine with its names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..anatomy import LabelScheme, disc_below, scheme
from ..imaging import Geometry, LabelMap
from .column import Column, find_column, room_above
from .components import label_components
from .level_names import Naming, name_chain
from .posterior import whole_vertebrae
from .reach import reach_steps
from .sacrum import Sacrum, find_sacrum

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
    sacrum
        The sacrum, and whether the last vertebra sits on it.
    """

    labels: LabelMap
    column: Column
    naming: Naming | None
    sacrum: Sacrum


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
    sacrum = find_sacrum(parts, column)
    whole, above = whole_vertebrae(column, parts)
    looks = [member.looks for member in column.members]
    naming = name_chain(looks, reach_steps(column, whole, parts), above_sacrum=sacrum.carries, fixed=fixed)
    target = scheme("spine")
    result = np.zeros(parts.array.shape, dtype=np.uint8)
    if naming is not None:
        result = _valued(whole, _vertebra_names(column, naming, above), target)
        drawn_discs = _valued(pieces, _disc_names(naming, discs), target)
        result = np.where(drawn_discs > 0, drawn_discs, result)
    result[sacrum.mask] = target.value_of("sacrum")
    return NamedSpine(LabelMap(result, parts.geometry, target), column, naming, sacrum)


def _valued(numbers: np.ndarray, names: Mapping[int, str], target: LabelScheme) -> np.ndarray:
    """Replace numbers by the values of the structures that they stand for; others become 0."""
    lookup = np.zeros(max(int(numbers.max()), *names, 0) + 1, dtype=np.uint8)
    for number, key in names.items():
        lookup[number] = target.value_of(key)
    return np.asarray(lookup[numbers])


def _vertebra_names(column: Column, naming: Naming, above: int) -> dict[int, str]:
    """Name the members that were found, and the vertebra above them if there can be one."""
    named = zip(column.members, naming.levels, strict=True)
    names = {member.label: f"vertebra_{level}" for member, level in named if member.label}
    first = naming.column.index(naming.levels[0])
    return {**names, above: f"vertebra_{naming.column[first - 1]}"} if first else names


def _with_axis(column: Column, grid: Geometry) -> Column:
    """Let the first cervical vertebra look like C2 if there is room for a body above it: C1 has none."""
    members = column.members
    if not members or members[0].looks.get("C", 0.0) < 0.5:
        return column
    if room_above(grid, members[0].center) < AXIS_ROOM_MM:
        return column
    looks = {region: part * (1 - AXIS_LOOKS) for region, part in members[0].looks.items()}
    looks["C2"] = looks.get("C2", 0.0) + AXIS_LOOKS
    return replace(column, members=(replace(members[0], looks=looks), *members[1:]))


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
