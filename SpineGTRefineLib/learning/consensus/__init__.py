"""Several raters of one case: how much they agree, and the mask that they agree on."""

from .agreement import Agreement, rater_agreement
from .combine import CERTAINTY, METHODS, Consensus, Method, RaterReliability, consensus
from .votes import Votes, count_votes

__all__ = [
    "CERTAINTY",
    "METHODS",
    "Agreement",
    "Consensus",
    "Method",
    "RaterReliability",
    "Votes",
    "consensus",
    "count_votes",
    "rater_agreement",
]
