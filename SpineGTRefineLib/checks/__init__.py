"""The anatomical rules: pure functions that say which structure of a mask is suspicious, where, and what to do."""

from .problem import SEVERITIES, Problem, Severity
from .run import check_labels

__all__ = ["SEVERITIES", "Problem", "Severity", "check_labels"]
