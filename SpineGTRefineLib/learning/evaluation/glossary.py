"""What each metric means, in words for reports and documentation; the texts are data (``Resources/Metrics``)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from ...errors import UsageError
from ...resources import resource_path


@dataclass(frozen=True)
class Explanation:
    """A metric in words.

    Parameters
    ----------
    metric
        Name in code and tables, such as ``hd95_mm``.
    of
        What it belongs to: ``structure``, ``instance``, ``level`` or ``extent``.
    name, unit
        For people; the unit is "" for pure numbers.
    better
        ``higher``, ``lower``, ``near 1`` ...; "" where it is no score.
    perfect
        The best value, None where there is none.
    meaning
        In a sentence or two.
    """

    metric: str
    of: str
    name: str
    unit: str
    better: str
    perfect: float | None
    meaning: str


@cache
def explanations() -> tuple[Explanation, ...]:
    """All metrics, in the order of reports."""
    with resource_path("Metrics", "metrics.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(_from_row(row) for row in csv.DictReader(stream))


def explanation(metric: str) -> Explanation:
    """Return one metric in words.

    Raises
    ------
    UsageError
        There is no such metric.
    """
    for found in explanations():
        if found.metric == metric:
            return found
    known = ", ".join(entry.metric for entry in explanations())
    raise UsageError(f"There is no metric {metric!r}.", f"Choose one of: {known}.")


def _from_row(row: dict[str, str]) -> Explanation:
    return Explanation(
        row["Metric"],
        row["Of"],
        row["Name"],
        row["Unit"],
        row["Better"],
        float(row["Perfect"]) if row["Perfect"] else None,
        row["Meaning"],
    )
