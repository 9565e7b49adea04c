"""The ``anatomical`` policy: order and class of structures are respected, and nothing is lost silently.

First every instance is placed (which level is it?), from one joint histogram and the instances' positions. Then the
voxels are written: shapes from SPINEPS, endplates with the vertebra they touch, TotalSpineSeg where SPINEPS has
nothing, the canal taken away, specks of that cut cleaned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from ..anatomy import structure
from ..errors import InputError
from ..imaging import LabelMap
from .assignment import LEAST_COVERED
from .decisions import Decision
from .inference import infer_discs, infer_vertebrae
from .instances import Instance, find_instances
from .matching import LEAST_INSIDE, Level, Placement, find_levels, match_column
from .naming import Naming, corrected_names
from .overlap import OverlapTable, joint_histogram
from .separation import DiscsBetween
from .writing import SpineWriter

C1 = "vertebra_C1"
SACRUM = "sacrum"


def refine_anatomical(
    vert: LabelMap, totalspineseg: LabelMap, canal: np.ndarray | None
) -> tuple[np.ndarray, list[Decision]]:
    """Give SPINEPS instances the levels of TotalSpineSeg, in order along the spine.

    Parameters
    ----------
    vert, totalspineseg
        Masks on one grid.
    canal
        Boolean array of that grid, or None: nothing is cut.

    Returns
    -------
    array
        uint8, values of the scheme ``spine``.
    decisions
        What became of every structure of both inputs.

    Raises
    ------
    InputError
        TotalSpineSeg holds no vertebra, disc or sacrum.
    """
    table = joint_histogram(vert.array, totalspineseg.array)
    levels = find_levels(totalspineseg, table)
    if not levels:
        raise InputError("The TotalSpineSeg mask holds no vertebra, disc or sacrum, so no label can be given.")
    instances = find_instances(vert)
    placements, naming = place_instances(instances, levels, table, DiscsBetween(vert, instances))

    writer = SpineWriter(vert, totalspineseg, canal, naming)
    writer.write_instances(placements)
    writer.write_endplates([instance for instance in instances if instance.kind == "endplate"])
    writer.fill()
    writer.cut_canal()
    return writer.array, writer.decisions


def place_instances(
    instances: Sequence[Instance], levels: Sequence[Level], table: OverlapTable, are_separate: DiscsBetween
) -> tuple[list[Placement], Naming]:
    """Say what every instance becomes, and what TotalSpineSeg's levels are called.

    Endplates follow their vertebra later and are not part of this.
    """
    vertebrae, discs = _of_kind(instances, "vertebra"), _of_kind(instances, "disc")
    first_look = match_column(vertebrae, _of_kind(levels, "vertebra"), table, are_separate)
    naming = corrected_names(levels, first_look, are_separate)
    levels, taken = naming.levels, {level.key for level in naming.levels}
    sacrum = _of_kind(levels, SACRUM)
    in_sacrum = {
        instance.value
        for instance in vertebrae
        if sum(table.shared(instance.value, level.value) for level in sacrum) >= LEAST_INSIDE * instance.voxels
    }
    placed = match_column(vertebrae, _of_kind(levels, "vertebra"), table, are_separate)
    placed = [_without_c1(placement) for placement in infer_vertebrae(placed, taken, in_sacrum)]
    placed_discs = match_column(discs, _of_kind(levels, "disc"), table)
    used = {key for placement in placed for key in placement.levels}
    placed_discs = infer_discs(placed_discs, placed, taken | used)
    others = [i for i in instances if i.kind not in ("vertebra", "disc", "endplate")]
    free = [level for level in _of_kind(levels, "vertebra") if level.key not in used]
    named = [_named(placement) for placement in (*placed, *placed_discs)]
    return named + [_place_other(instance, sacrum, free, table) for instance in others], naming


Part = TypeVar("Part", Instance, Level)


def _of_kind(parts: Sequence[Part], kind: str) -> list[Part]:
    return [part for part in parts if part.kind == kind]


def _without_c1(placement: Placement) -> Placement:
    """SPINEPS has not learnt C1: what it shows there is left out in favour of TotalSpineSeg's C1."""
    if C1 not in placement.levels:
        return placement
    return Placement(placement.instance, (), "dropped", placement.dice, "C1 is taken from TotalSpineSeg.")


def _named(placement: Placement) -> Placement:
    """Say so where SPINEPS itself named another level (its ordinal ids name none)."""
    own = placement.instance.key
    if placement.action != "kept" or "instance" in own or "below" in own or own == placement.levels[0]:
        return placement
    reason = f"SPINEPS called it {structure(own).name}."
    return Placement(placement.instance, placement.levels, "relabelled", placement.dice, reason)


def _place_other(
    instance: Instance, sacrum: Sequence[Level], free_vertebrae: Sequence[Level], table: OverlapTable
) -> Placement:
    if instance.kind not in (SACRUM, "sacral_segment"):
        return Placement(instance, (), "dropped", None, f"The scheme has no value for {instance.key}.")
    within = [v for v in free_vertebrae if table.shared(instance.value, v.value) >= LEAST_COVERED * v.voxels]
    if within:
        # With 25 or more ordinal ids, one vertebra gets 26, the number of the sacrum.
        keys = tuple(level.key for level in (*within, *sacrum))
        return Placement(instance, keys, "split", None, "A vertebra has the number of the sacrum; split.")
    shared = sum(table.shared(instance.value, level.value) for level in sacrum)
    dice = 2 * shared / (instance.voxels + sum(level.voxels for level in sacrum)) if sacrum else None
    return Placement(instance, (SACRUM,), "kept", dice, "Sacrum stays sacrum.")
