"""Which level of TotalSpineSeg each instance of SPINEPS is, for one class of structures at a time.

Vertebrae never compete with discs: each class is matched on its own, so a disc cannot become a vertebra.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..imaging import LabelMap
from .assignment import Evidence, Match, assign_in_order
from .decisions import Action
from .instances import Instance
from .overlap import OverlapTable

MERGED_SIZE = 1.4
"""An instance is two structures in one only if it is at least this many times as large as its neighbours."""

JOINED_SIZE = 1.5
"""Fragments of one structure are together at most this many times as large as its neighbours."""

FRAGMENT_SIZE = 0.75
"""A part at least this large beside the neighbours is a structure of its own, if the level is unusually large."""

LEAST_INSIDE = 0.3
"""A leftover belongs to a level (as a fragment or a duplicate) if at least this part of it lies inside."""

NEIGHBOURS = 2
"""Structures looked at on either side to learn how large one is there."""


@dataclass(frozen=True)
class Level:
    """One structure of TotalSpineSeg: its value there, what it is, its size in voxels and order along the spine."""

    value: int
    key: str
    kind: str
    voxels: int
    order: float


@dataclass(frozen=True, eq=False)
class Placement:
    """What an instance becomes.

    Parameters
    ----------
    instance
        The instance.
    levels
        Keys of its levels: several when it is split, none when it is left out.
    action, dice, reason
        See :class:`.decisions.Decision`.
    contested
        The level it would be, had not another instance taken it.
    """

    instance: Instance
    levels: tuple[str, ...]
    action: Action
    dice: float | None = None
    reason: str = ""
    contested: str | None = None


def find_levels(labels: LabelMap, table: OverlapTable) -> tuple[Level, ...]:
    """List the structures of TotalSpineSeg from head to tail; values that its scheme lacks are left out."""
    entries = (labels.scheme[int(value)] for value in table.columns if int(value) in labels.scheme)
    levels = (
        Level(entry.value, entry.structure.key, entry.structure.kind, table.column_size(entry.value), order)
        for entry in entries
        if (order := entry.structure.order) is not None
    )
    return tuple(sorted(levels, key=lambda level: level.order))


def match_column(
    instances: Sequence[Instance],
    levels: Sequence[Level],
    table: OverlapTable,
    are_separate: Callable[[Instance, Instance], bool] = lambda _first, _second: False,
) -> list[Placement]:
    """Place every instance of one class.

    Parameters
    ----------
    instances, levels
        Structures of one class, both from head to tail.
    table
        Joint histogram of the two masks.
    are_separate
        Whether two instances are certainly different structures (a disc lies between two vertebrae).

    Returns
    -------
    list of Placement
        One per instance, in the order given; without levels where none fits.
    """
    column = _Column(instances, levels, table, are_separate)
    matches = assign_in_order(column.evidence)
    placements: dict[int, Placement] = {}
    members: dict[int, list[int]] = {}
    for match in matches:
        for level in match.levels:
            members.setdefault(level, []).extend(match.instances)
        placements.update(column.placed(match))
    for position in range(len(instances)):
        if position not in placements:
            placements[position] = column.leftover(position, members)
    return [placements[position] for position in range(len(instances))]


class _Column:
    """One class of structures: its instances, its levels, and how they overlap."""

    def __init__(
        self,
        instances: Sequence[Instance],
        levels: Sequence[Level],
        table: OverlapTable,
        are_separate: Callable[[Instance, Instance], bool],
    ) -> None:
        self.instances, self.levels, self.are_separate = instances, levels, are_separate
        rows = np.searchsorted(table.rows, [instance.value for instance in instances])
        columns = np.searchsorted(table.columns, [level.value for level in levels])
        self.evidence = Evidence(
            shared=table.voxels[np.ix_(rows.astype(int), columns.astype(int))],
            instance_sizes=np.array([instance.voxels for instance in instances], dtype=np.int64),
            level_sizes=np.array([level.voxels for level in levels], dtype=np.int64),
            may_join=self.may_join,
            may_span=self.may_span,
        )

    def may_join(self, instances: tuple[int, ...], level: int) -> bool:
        """Fragments of one structure: no larger together than the structure, and nothing lies between them."""
        parts = [self._part(instance, level) for instance in instances]
        usual = _usual_size(self.evidence.level_sizes, (level,)) or self.levels[level].voxels
        own = self.levels[level].voxels
        fits = sum(parts) <= JOINED_SIZE * usual
        fits_large = sum(parts) <= JOINED_SIZE * own and min(parts) < FRAGMENT_SIZE * usual
        return (fits or fits_large) and not self._any_separate(instances)

    def may_span(self, instance: int, levels: tuple[int, ...]) -> bool:
        """Several structures in one: clearly larger than the instances (or else the levels) next to it."""
        usual = _usual_size(self.evidence.instance_sizes, (instance,)) or _usual_size(self.evidence.level_sizes, levels)
        return usual is None or self.instances[instance].voxels >= MERGED_SIZE * usual

    def placed(self, match: Match) -> dict[int, Placement]:
        """Turn a match into placements."""
        keys = tuple(self.levels[level].key for level in match.levels)
        if len(match.levels) > 1:
            (position,) = match.instances
            reason = f"It covers {len(keys)} levels; split along TotalSpineSeg."
            return {position: Placement(self.instances[position], keys, "split", None, reason)}
        dice = self.evidence.dice(match.instances, match.levels[0])
        largest = max(match.instances, key=lambda position: self.instances[position].voxels)
        return {
            position: Placement(self.instances[position], keys, "kept", dice, "Best assignment along the spine.")
            if position == largest
            else self._fragment(position, match.levels[0])
            for position in match.instances
        }

    def leftover(self, position: int, members: dict[int, list[int]]) -> Placement:
        """Place an instance that the best assignment left free: a fragment out of order, or nothing."""
        instance = self.instances[position]
        if not self.evidence.shared[position].any():
            return Placement(instance, (), "dropped", 0.0, "It overlaps no structure of its class.")
        level = int(self.evidence.shared[position].argmax())
        key, dice = self.levels[level].key, self.evidence.dice((position,), level)
        if self.evidence.contained(position, level) < LEAST_INSIDE:
            return Placement(instance, (), "dropped", dice, f"Too little of it overlaps {key}, its best level.")
        if level not in members:
            return Placement(instance, (), "dropped", dice, f"As {key} it would be out of order along the spine.")
        if self.evidence.preference(position, level) >= 0.5 and self.may_join((*members[level], position), level):
            members[level].append(position)
            return self._fragment(position, level)
        return Placement(instance, (), "duplicate", dice, f"{key} already has another structure of this class.", key)

    def _fragment(self, position: int, level: int) -> Placement:
        key, dice = self.levels[level].key, self.evidence.dice((position,), level)
        return Placement(self.instances[position], (key,), "joined", dice, f"Fragment of {key}.")

    def _part(self, instance: int, level: int) -> float:
        """Voxels of an instance that count for a level (all of it, unless it is split)."""
        return float(self.instances[instance].voxels * self.evidence.preference(instance, level))

    def _any_separate(self, positions: tuple[int, ...]) -> bool:
        members = [self.instances[position] for position in positions]
        return any(self.are_separate(a, b) for n, a in enumerate(members) for b in members[n + 1 :])


def _usual_size(sizes: np.ndarray, members: tuple[int, ...]) -> float | None:
    """Median size of the structures next to ``members`` (neighbouring positions); None where there are none."""
    first, last = members[0], members[-1]
    near = np.concatenate([sizes[max(first - NEIGHBOURS, 0) : first], sizes[last + 1 : last + 1 + NEIGHBOURS]])
    return float(np.median(near)) if near.size else None
