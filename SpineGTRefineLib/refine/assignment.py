"""The best assignment of instances to levels that keeps the order along the spine.

Both lists run from head to tail. An instance takes one level, several neighbouring instances (fragments) may share a
level, one instance (merged) may take several neighbouring levels, and either may stay free. Among all such assignments
dynamic programming finds the one with the largest sum of Dice scores; a level is never given twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

import numpy as np

LEAST_DICE = 0.1
"""Overlap below this is a leak from the neighbour, not evidence ..."""

LEAST_CONTAINED = 0.5
"""... unless at least this part of the smaller of both lies inside the other (a small but sound remnant)."""

LEAST_COVERED = 0.5
"""A merged instance covers at least this part of each of its levels."""

LONGEST_RUN = 3
"""Most fragments of one level, and most levels of one merged instance."""


@dataclass(frozen=True)
class Match:
    """Instances and levels that belong together, as positions in their lists; one of both has one member."""

    instances: tuple[int, ...]
    levels: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the joint histogram says about two lists.

    Parameters
    ----------
    shared
        Shared voxels, shape (instances, levels), both from head to tail.
    instance_sizes, level_sizes
        Voxels of each instance and of each level.
    may_join
        Whether instances (positions) can be fragments of one level (position).
    may_span
        Whether an instance (position) can be several levels (positions) in one.
    """

    shared: np.ndarray
    instance_sizes: np.ndarray
    level_sizes: np.ndarray
    may_join: Callable[[tuple[int, ...], int], bool] = field(default=lambda _instances, _level: True)
    may_span: Callable[[int, tuple[int, ...]], bool] = field(default=lambda _instance, _levels: True)

    def dice(self, instances: tuple[int, ...], level: int) -> float:
        """Dice score of the union of ``instances`` with ``level``."""
        members = list(instances)
        total = self.instance_sizes[members].sum() + self.level_sizes[level]
        return float(2 * self.shared[members, level].sum() / total) if total else 0.0

    def contained(self, instance: int, level: int) -> float:
        """Part of the instance that lies inside the level."""
        return float(self.shared[instance, level] / self.instance_sizes[instance])

    def preference(self, instance: int, level: int) -> float:
        """Part of the instance's voxels on any level that lie on this one."""
        total = self.shared[instance].sum()
        return float(self.shared[instance, level] / total) if total else 0.0

    def score(self, match: Match) -> float | None:
        """Sum of Dice scores that a match earns, or None where it is not plausible."""
        if len(match.levels) > 1:
            return self._score_merged(match.instances[0], match.levels)
        level = match.levels[0]
        if len(match.instances) > 1:
            fragments = all(self.preference(i, level) >= 0.5 for i in match.instances)
            return self.dice(match.instances, level) if fragments and self.may_join(match.instances, level) else None
        (instance,) = match.instances
        dice = self.dice((instance,), level)
        smaller = min(self.instance_sizes[instance], self.level_sizes[level])
        enough = dice >= LEAST_DICE or self.shared[instance, level] >= LEAST_CONTAINED * smaller
        return dice if enough and dice > 0 else None

    def _score_merged(self, instance: int, levels: tuple[int, ...]) -> float | None:
        shared, sizes = self.shared[instance, list(levels)], self.level_sizes[list(levels)]
        if (shared < LEAST_COVERED * sizes).any() or not shared.all() or not self.may_span(instance, levels):
            return None
        parts = self.instance_sizes[instance] * shared / shared.sum()
        return float((2 * shared / (parts + sizes)).sum())


def assign_in_order(evidence: Evidence) -> tuple[Match, ...]:
    """Return the matches of the best order-preserving assignment, from head to tail."""
    n_instances, n_levels = evidence.shared.shape
    best = np.zeros((n_instances + 1, n_levels + 1))
    step: dict[tuple[int, int], Match | tuple[int, int]] = {}
    for i, j in product(range(n_instances + 1), range(n_levels + 1)):
        for before in ((i - 1, j), (i, j - 1)):
            if min(before) >= 0 and ((i, j) not in step or best[before] > best[i, j]):
                best[i, j], step[i, j] = best[before], before
        for match in _matches_ending_at(i, j):
            score = evidence.score(match)
            start = (match.instances[0], match.levels[0])
            if score is not None and best[start] + score > best[i, j]:
                best[i, j], step[i, j] = best[start] + score, match
    return _trace(step, (n_instances, n_levels))


def _matches_ending_at(i: int, j: int) -> list[Match]:
    if i == 0 or j == 0:
        return []
    joined = [Match(tuple(range(i - n, i)), (j - 1,)) for n in range(1, min(i, LONGEST_RUN) + 1)]
    merged = [Match((i - 1,), tuple(range(j - n, j))) for n in range(2, min(j, LONGEST_RUN) + 1)]
    return joined + merged


def _trace(step: dict[tuple[int, int], Match | tuple[int, int]], end: tuple[int, int]) -> tuple[Match, ...]:
    matches = []
    while end in step:
        move = step[end]
        if isinstance(move, Match):
            matches.append(move)
            end = (move.instances[0], move.levels[0])
        else:
            end = move
    return tuple(reversed(matches))
