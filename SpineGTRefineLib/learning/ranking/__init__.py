"""Which masks are most likely wrong: signals about each mask, one order over all of them, and why."""

from .order import Evidence, rank
from .signals import Finding, boundary_findings, disagreement, disagreement_of_models, rule_findings

__all__ = [
    "Evidence",
    "Finding",
    "boundary_findings",
    "disagreement",
    "disagreement_of_models",
    "rank",
    "rule_findings",
]
