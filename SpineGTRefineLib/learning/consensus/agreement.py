"""How much raters agree with each other, pair by pair: Dice of the voxels and F1 score of the slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from ...imaging import LabelMap
from ..evaluation.slices import HeadFoot
from .votes import Votes, count_votes

Matrix = tuple[tuple[float | None, ...], ...]
"""One row and one column for each rater; None where the two have nothing to compare."""


@dataclass(frozen=True)
class Agreement:
    """How much raters agree.

    Parameters
    ----------
    raters
        Names, in the order of rows and columns.
    dice, z_f1
        Mean over the levels that at least one of the two drew. A level that only one of them drew counts as 0.
    dice_of, z_f1_of
        The same for each level, by structure key.
    """

    raters: tuple[str, ...]
    dice: Matrix
    z_f1: Matrix
    dice_of: Mapping[str, Matrix]
    z_f1_of: Mapping[str, Matrix]

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {**vars(self), "dice_of": dict(self.dice_of), "z_f1_of": dict(self.z_f1_of)}


def rater_agreement(masks: Mapping[str, LabelMap] | Votes) -> Agreement:
    """Compare every pair of raters.

    Parameters
    ----------
    masks
        By rater, on one grid and in one scheme; or their votes, where they were counted already.
    """
    votes = masks if isinstance(masks, Votes) else count_votes(masks)
    levels = [int(level) for level in votes.levels]
    keys = [votes.like.scheme[level].structure.key for level in levels]
    dice_of = {key: _matrix(votes, _dice_of(votes, level)) for key, level in zip(keys, levels, strict=True)}
    present = _slices_with_levels(votes)
    z_f1_of = {key: _matrix(votes, _f1_of(present[:, number])) for number, key in enumerate(keys)}
    return Agreement(votes.raters, _mean(votes, dice_of), _mean(votes, z_f1_of), dice_of, z_f1_of)


def _matrix(votes: Votes, score: Callable[[int, int], float | None]) -> Matrix:
    numbers = range(len(votes.raters))
    return tuple(tuple(score(one, other) for other in numbers) for one in numbers)


def _dice_of(votes: Votes, level: int) -> Callable[[int, int], float | None]:
    drawn = votes.drawn(level).astype(np.int64)
    shared = drawn.T @ (drawn * votes.counts[:, None])

    def dice(one: int, other: int) -> float | None:
        total = int(shared[one, one] + shared[other, other])
        return 2 * int(shared[one, other]) / total if total else None

    return dice


def _f1_of(present: np.ndarray) -> Callable[[int, int], float | None]:
    def f1(one: int, other: int) -> float | None:
        total = int(present[one].sum() + present[other].sum())
        return 2 * int((present[one] & present[other]).sum()) / total if total else None

    return f1


def _slices_with_levels(votes: Votes) -> np.ndarray:
    """Boolean (raters, levels, slices)."""
    along = HeadFoot.of(votes.like.geometry)
    place = np.unravel_index(votes.voxels, votes.like.array.shape)[along.axis]
    present = np.zeros((len(votes.raters), votes.levels.size, along.count), dtype=bool)
    for rater, given in enumerate(votes.patterns.T):
        value = given[votes.pattern_of]
        drawn = value != 0
        present[rater, np.searchsorted(votes.levels, value[drawn]), place[drawn]] = True
    return present


def _mean(votes: Votes, matrices: Mapping[str, Matrix]) -> Matrix:
    def mean(one: int, other: int) -> float | None:
        numbers = [number for matrix in matrices.values() if (number := matrix[one][other]) is not None]
        return fmean(numbers) if numbers else None

    return _matrix(votes, mean)
