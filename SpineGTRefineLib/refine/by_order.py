"""SPINEPS' instances without TotalSpineSeg: levels from their order and from the landmarks that the mask itself shows.

SPINEPS up to 1.3 numbers what it sees from the top, whatever it is. Which level each instance is follows from the
sacrum below the last one, or from the head end: SPINEPS never draws C1, so a first neck vertebra with room above it is
C2. Later versions name their instances, and those names are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..anatomy import disc_below
from ..imaging import Geometry, LabelMap
from .column import Column, Member, chained, room_above
from .decisions import Decision
from .instances import LABELLED, Instance, find_instances
from .level_names import Naming, name_chain
from .matching import Placement
from .naming import Naming as TotalSpineSegNames
from .naming import disc_above
from .sacrum import begins_below
from .writing import SpineWriter

NECK_MM = 26.0
"""Vertebrae of the neck lie closer to each other than this, lumbar ones further apart."""

HEAD_LOOKS = {"C2": 0.95, "C": 0.05}
"""What the first neck vertebra looks like if nothing was drawn in the room above it."""

SACRUM = "sacrum"

_DISC = 100
"""A disc has the number of the vertebra above it plus this."""


@dataclass(frozen=True, eq=False)
class CountedSpine:
    """A spine whose levels were counted.

    Parameters
    ----------
    array
        uint8, values of the scheme ``spine``.
    decisions
        What became of every instance.
    column, naming
        The vertebrae, and their names with how sure they are. No column where SPINEPS named them itself; no naming
        where no human spine explains them: then they are left out.
    """

    array: np.ndarray
    decisions: tuple[Decision, ...]
    column: Column | None
    naming: Naming | None


def refine_by_order(vert: LabelMap, canal: np.ndarray | None) -> CountedSpine:
    """Give the instances of SPINEPS their levels without help from another tool, and take the canal away.

    Parameters
    ----------
    vert
        Scheme ``spineps_vert_ordinal`` (counted) or ``spineps_vert`` (named already).
    canal
        Boolean array of the same grid, or None: nothing is cut.
    """
    instances = find_instances(vert)
    vertebrae = [instance for instance in instances if instance.kind == "vertebra"]
    if vert.scheme.name == LABELLED:
        column, naming = None, None
        names = {i.value: i.key for i in vertebrae}
        row: Collection[str] = names.values()
        reason = "SPINEPS named it."
    else:
        members, joined = chained(Member(i.value, i.centroid, {}) for i in vertebrae)
        if len(members) > 1 and _starts_at_head(members, vert.geometry):
            members[0] = replace(members[0], looks=HEAD_LOOKS)
        column = Column(tuple(members), vert.array)
        naming = name_chain([m.looks for m in members], above_sacrum=_on_sacrum(members, instances, vert))
        names = _counted_names(column, joined, naming)
        row = [f"vertebra_{level}" for level in naming.column] if naming else ()
        reason = "Counted along the spine from what SPINEPS shows; no other tool was asked."
    names |= _disc_names(instances, names, {*row, SACRUM}) | {i.value: SACRUM for i in instances if i.kind == SACRUM}
    writer = SpineWriter(vert, vert.with_array(np.zeros_like(vert.array)), canal, TotalSpineSegNames(()))
    writer.write_instances([_placed(i, names, reason) for i in instances if i.kind != "endplate"])
    writer.write_endplates([instance for instance in instances if instance.kind == "endplate"])
    writer.cut_canal()
    return CountedSpine(writer.array, tuple(writer.decisions), column, naming)


def _starts_at_head(chain: Sequence[Member], grid: Geometry) -> bool:
    """Whether the first ones lie as close as neck vertebrae do, and there is room for one above that was not drawn."""
    centers = np.array([member.center for member in chain[:4]])
    distance = float(np.median(np.linalg.norm(np.diff(centers, axis=0), axis=1)))
    return distance < NECK_MM and room_above(grid, chain[0].center) > 1.5 * distance


def _on_sacrum(members: Sequence[Member], instances: Sequence[Instance], vert: LabelMap) -> bool:
    sacrum = next((instance for instance in instances if instance.kind == SACRUM), None)
    if sacrum is None or not members:
        return False
    start = [part.start for part in sacrum.box]
    voxels = vert.geometry.to_world(np.argwhere(vert.array[sacrum.box] == sacrum.value) + start)
    return begins_below(voxels, members)


def _counted_names(column: Column, joined: Mapping[int, int], naming: Naming | None) -> dict[int, str]:
    """Name the vertebrae by their values; none where no human spine explains them."""
    if naming is None:
        return {}
    named = zip(column.members, naming.levels, strict=True)
    names = {member.label: f"vertebra_{level}" for member, level in named if member.label}
    return names | {part: names[whole] for part, whole in joined.items()}


def _disc_names(instances: Sequence[Instance], names: Mapping[int, str], row: Collection[str]) -> dict[int, str]:
    """Name each disc by the vertebra above it, and the one above all vertebrae by the first one below."""
    vertebrae = [i.value for i in instances if i.value in names]
    discs = {}
    for disc in (instance for instance in instances if instance.kind == "disc" and vertebrae):
        above = names.get(disc.value - _DISC)
        key = disc_below(above, row) if above else disc_above(names[vertebrae[0]], row)
        if key is not None:
            discs[disc.value] = key
    return discs


def _placed(instance: Instance, names: Mapping[int, str], reason: str) -> Placement:
    key = names.get(instance.value)
    if key is None:
        return Placement(instance, (), "dropped", None, "Its level cannot be known.")
    return Placement(instance, (key,), "inferred", None, reason)
