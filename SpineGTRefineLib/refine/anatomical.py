"""The ``anatomical`` policy: order and class of structures are respected, and nothing is lost silently.

First every instance is placed (which level is it?), from one joint histogram and the instances' positions. Then the
voxels are written: shapes from SPINEPS, endplates with the vertebra they touch, TotalSpineSeg where SPINEPS has
nothing, the canal taken away, specks of that cut cleaned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..anatomy import structure
from ..errors import InputError
from ..imaging import LabelMap
from .decisions import Decision
from .inference import infer_discs, infer_vertebrae
from .instances import Instance, find_instances
from .matching import LEAST_INSIDE, Level, Placement, find_levels, match_column
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
    placements = place_instances(instances, levels, table, DiscsBetween(vert, instances))

    writer = SpineWriter(vert, totalspineseg, canal)
    writer.write_instances(placements)
    writer.write_endplates([instance for instance in instances if instance.kind == "endplate"])
    writer.fill(levels)
    writer.cut_canal()
    return writer.array, writer.decisions


def place_instances(
    instances: Sequence[Instance], levels: Sequence[Level], table: OverlapTable, are_separate: DiscsBetween
) -> list[Placement]:
    """Say what every instance becomes (endplates follow their vertebra later and are not part of this)."""
    of_kind = {kind: [i for i in instances if i.kind == kind] for kind in ("vertebra", "disc")}
    level_of_kind = {kind: [level for level in levels if level.kind == kind] for kind in ("vertebra", "disc", SACRUM)}
    taken = {level.key for level in levels}
    in_sacrum = {
        instance.value
        for instance in of_kind["vertebra"]
        if sum(table.shared(instance.value, s.value) for s in level_of_kind[SACRUM]) >= LEAST_INSIDE * instance.voxels
    }
    vertebrae = match_column(of_kind["vertebra"], level_of_kind["vertebra"], table, are_separate)
    vertebrae = [_without_c1(placement) for placement in infer_vertebrae(vertebrae, taken, in_sacrum)]
    discs = match_column(of_kind["disc"], level_of_kind["disc"], table)
    present = taken | {key for placement in vertebrae for key in placement.levels}
    discs = infer_discs(discs, vertebrae, present)
    others = [i for i in instances if i.kind not in ("vertebra", "disc", "endplate")]
    return [_named(p) for p in (*vertebrae, *discs)] + _place_others(others, level_of_kind[SACRUM], table)


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


def _place_others(instances: Sequence[Instance], sacrum: Sequence[Level], table: OverlapTable) -> list[Placement]:
    placements = []
    for instance in instances:
        if instance.kind in (SACRUM, "sacral_segment"):
            shared = sum(table.shared(instance.value, level.value) for level in sacrum)
            dice = 2 * shared / (instance.voxels + sum(level.voxels for level in sacrum)) if sacrum else None
            placements.append(Placement(instance, (SACRUM,), "kept", dice, "Sacrum stays sacrum."))
        else:
            reason = f"The scheme has no value for {instance.key}."
            placements.append(Placement(instance, (), "dropped", None, reason))
    return placements
