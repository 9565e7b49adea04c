"""One mask from those of several raters, by STAPLE or by majority. Each voxel gets a level that somebody drew there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from ...errors import UsageError
from ...imaging import LabelMap
from ..evaluation.structures import from_head_to_tail
from .staple import Estimate, estimate_level
from .votes import Votes, count_votes

Method = Literal["staple", "majority"]
METHODS: tuple[Method, ...] = get_args(Method)

CERTAINTY = 0.95
"""STAPLE gives a voxel to a level only above this probability, as the rootlets' ground truth was made."""

EQUAL = 1e-9
"""Scores that differ by less are a tie."""


@dataclass(frozen=True)
class RaterReliability:
    """How reliable STAPLE found a rater to be in one level: share of it drawn, and share of the rest left free."""

    level: str
    rater: str
    sensitivity: float
    specificity: float


@dataclass(frozen=True, eq=False)
class Consensus:
    """The mask that several raters agree on.

    Parameters
    ----------
    labels
        On the grid and in the scheme of the raters.
    method
        ``staple`` or ``majority``.
    raters
        Whose masks went in.
    contested_voxels
        Voxels where two levels had equal support; they went to the one that more raters drew, else to the one nearer
        to the head.
    reliability
        For STAPLE, rater by rater and level by level.
    """

    labels: LabelMap
    method: Method
    raters: tuple[str, ...]
    contested_voxels: int
    reliability: tuple[RaterReliability, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON."""
        return {
            "method": self.method,
            "raters": list(self.raters),
            "levels": [self.labels.scheme[value].structure.key for value in self.labels.values()],
            "contested_voxels": self.contested_voxels,
            "reliability": [vars(entry) for entry in self.reliability],
        }


def consensus(
    masks: Mapping[str, LabelMap] | Votes, method: Method = "staple", *, certainty: float = CERTAINTY
) -> Consensus:
    """Combine the masks of several raters.

    Parameters
    ----------
    masks
        By rater, on one grid and in one scheme; or their votes, where they were counted already.
    method
        ``staple`` weights raters by reliability, level by level, and takes the most probable level above ``certainty``.
        ``majority`` takes what most raters gave, background included; where background is among the most frequent, the
        voxel stays free.
    certainty
        Between 0 and 1, for STAPLE.

    Raises
    ------
    UsageError
        Fewer than two raters, no such method, or a certainty that is no probability.
    GeometryError, LabelError
        The masks do not fit together.
    """
    if method not in METHODS:
        raise UsageError(f"There is no consensus method {method!r}.", f"Choose one of: {', '.join(METHODS)}.")
    if not 0 <= certainty < 1:
        raise UsageError(f"The certainty is a probability below 1; got {certainty:g}.")
    votes = masks if isinstance(masks, Votes) else count_votes(masks)
    scheme = votes.like.scheme
    levels = sorted(votes.levels.tolist(), key=lambda level: from_head_to_tail(scheme[level].structure.key))
    patterns = len(votes.patterns)
    support = np.array([votes.drawn(level).sum(axis=1) for level in levels]).reshape(len(levels), patterns).T
    if method == "majority":
        values, contested = _winners(support, support, levels, (votes.patterns == 0).sum(axis=1))
        reliability: tuple[RaterReliability, ...] = ()
    else:
        estimates = [estimate_level(votes, level) for level in levels]
        scores = np.array([estimate.probability for estimate in estimates]).reshape(len(levels), patterns).T
        values, contested = _winners(scores, support, levels, certainty)
        reliability = tuple(entry for estimate in estimates for entry in _reliability(votes, estimate))
    return Consensus(votes.label_map(values), method, votes.raters, int(votes.counts[contested].sum()), reliability)


def _winners(
    scores: np.ndarray, support: np.ndarray, levels: list[int], free: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Give each pattern the level of the highest score, if somebody drew it and it beats that of staying free.

    Parameters
    ----------
    scores, support
        Shape (patterns, levels): score, and number of raters who drew the level.
    levels
        Values, from head to tail.
    free
        Score of staying free, for each pattern or for all.

    Returns
    -------
    values, contested
        For each pattern the value (0 for none), and whether several levels had the highest score.
    """
    if not levels:  # nobody drew anything
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    scores = np.where(support > 0, scores, -np.inf)
    best = scores.max(axis=1)
    among = scores >= best[:, None] - EQUAL
    winner = np.where(among, support, -1).argmax(axis=1)  # the first of several: the one nearest to the head
    won = best > free + EQUAL
    return np.where(won, np.array(levels)[winner], 0), won & (among.sum(axis=1) > 1)


def _reliability(votes: Votes, estimate: Estimate) -> Iterator[RaterReliability]:
    key = votes.like.scheme[estimate.level].structure.key
    for rater, sensitivity, specificity in zip(
        votes.raters, estimate.sensitivity.tolist(), estimate.specificity.tolist(), strict=True
    ):
        yield RaterReliability(key, rater, sensitivity, specificity)
