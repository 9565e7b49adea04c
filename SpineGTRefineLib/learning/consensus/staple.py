"""STAPLE: the most likely truth behind several raters, who are weighted by how reliable they turn out to be.

Warfield, Zou and Wells, IEEE TMI 23(7), 2004, doi:10.1109/TMI.2004.828354. Each level is one binary problem. Voxels
that all raters voted for in the same way are equally likely, so that each round of the estimation runs over vote
patterns instead of voxels, with the same result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .votes import Votes

FIRST_GUESS = 0.99999
"""Sensitivity and specificity that everybody starts with."""

STEADY = 1e-7
"""Ends when no sensitivity and no specificity changes by more than this."""

MOST_ROUNDS = 10_000


@dataclass(frozen=True, eq=False)
class Estimate:
    """What STAPLE finds for one level.

    Parameters
    ----------
    level
        Its value.
    probability
        That a voxel belongs to the level, for each vote pattern.
    sensitivity, specificity
        Of each rater: share of the level that they drew, share of the rest that they left free.
    """

    level: int
    probability: np.ndarray
    sensitivity: np.ndarray
    specificity: np.ndarray


def estimate_level(votes: Votes, level: int) -> Estimate:
    """Estimate the truth of one level.

    Parameters
    ----------
    votes
        Of at least two raters.
    level
        A value that one of them drew.
    """
    drawn, counts = _with_background(votes, level)
    prior = (counts @ drawn).sum() / (counts.sum() * drawn.shape[1])
    sensitivity, specificity = np.full((2, drawn.shape[1]), FIRST_GUESS)
    for _ in range(MOST_ROUNDS):
        probability = _probability(drawn, prior, sensitivity, specificity)
        inside, outside = counts * probability, counts * (1 - probability)
        before = np.concatenate([sensitivity, specificity])
        sensitivity = inside @ drawn / inside.sum() if inside.any() else sensitivity
        specificity = outside @ ~drawn / outside.sum() if outside.any() else specificity
        if np.abs(np.concatenate([sensitivity, specificity]) - before).max() <= STEADY:
            break
    return Estimate(level, probability[:-1], sensitivity, specificity)


def _with_background(votes: Votes, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Add the pattern of the voxels that nobody drew, as the last one."""
    drawn = np.vstack([votes.drawn(level), np.zeros(len(votes.raters), dtype=bool)])
    return drawn, np.append(votes.counts, votes.background).astype(float)


def _probability(drawn: np.ndarray, prior: float, sensitivity: np.ndarray, specificity: np.ndarray) -> np.ndarray:
    inside = prior * np.where(drawn, sensitivity, 1 - sensitivity).prod(axis=1)
    outside = (1 - prior) * np.where(drawn, 1 - specificity, specificity).prod(axis=1)
    total = inside + outside
    probability: np.ndarray = np.divide(inside, total, out=np.zeros_like(inside), where=total > 0)
    return probability
