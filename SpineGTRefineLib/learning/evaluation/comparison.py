"""Which of two models, or of two ground truths, is better: paired on the same cases, person by person.

Two scans of one person are not two independent witnesses, so everything is averaged within a person first. The verdict
needs three things at once: a Wilcoxon signed-rank test, a bootstrap interval that leaves out 0, and no structure that
gets worse by more than a margin, however much better the rest is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import Any, Literal

import numpy as np
from scipy.stats import wilcoxon

from ...anatomy import structure
from ...errors import UsageError
from .case import CaseMetrics
from .structures import from_head_to_tail

Metric = Literal["dice", "nsd", "hd95_mm"]
Verdict = Literal["better", "worse", "mixed", "undecided"]

DIRECTION = {"dice": 1.0, "nsd": 1.0, "hd95_mm": -1.0}
"""1 where more is better, -1 where less is."""

MARGINS = {"dice": 0.02, "nsd": 0.02, "hd95_mm": 1.0}
"""How much worse one structure may become before nothing is called better."""

FEWEST_PEOPLE = 6
"""With fewer pairs the two-sided Wilcoxon test cannot reach 0.05, whatever the numbers are."""

SIGNIFICANCE = 0.05
ROUNDING = 1e-12
CONFIDENCE = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True)
class PairedDifference:
    """A metric of two candidates on the same people.

    Parameters
    ----------
    people, cases
        How many people and cases have the metric for both.
    first, second
        Mean over people.
    gain
        Mean improvement from the first to the second; above 0 the second is better, whatever the metric.
    interval
        Bootstrap interval of the gain over people; None for fewer than two people.
    p_value
        Two-sided Wilcoxon signed-rank test; None for fewer than two people. 1 if nothing differs.
    """

    people: int
    cases: int
    first: float
    second: float
    gain: float
    interval: tuple[float, float] | None
    p_value: float | None


@dataclass(frozen=True)
class StructureComparison:
    """One structure: its key, its difference, and whether it gets worse by more than the margin."""

    key: str
    difference: PairedDifference
    dropped: bool


@dataclass(frozen=True)
class PairedComparison:
    """Whether the second of two candidates is better than the first.

    Parameters
    ----------
    metric
        What was compared.
    margin
        How much worse one structure may become.
    overall
        Mean over the structures of each case.
    structures
        Structure by structure, from head to tail.
    verdict
        ``better``, ``worse``, ``mixed`` (it would be better, but a structure drops), ``undecided``.
    reason
        The verdict in a sentence.
    """

    metric: str
    margin: float
    overall: PairedDifference
    structures: tuple[StructureComparison, ...]
    verdict: Verdict
    reason: str

    @property
    def dropped(self) -> tuple[str, ...]:
        """Keys of the structures that get worse by more than the margin."""
        return tuple(entry.key for entry in self.structures if entry.dropped)

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return asdict(self)


def compare_paired(
    first: Sequence[CaseMetrics],
    second: Sequence[CaseMetrics],
    *,
    metric: Metric = "dice",
    margin: float | None = None,
    person_of: Callable[[str], str] | None = None,
    seed: int = 0,
) -> PairedComparison:
    """Say whether the second of two models (or of two ground truths) is better than the first.

    Parameters
    ----------
    first, second
        The same cases, in any order.
    metric
        ``dice``, ``nsd`` or ``hd95_mm``.
    margin
        How much worse one structure may become; by default that of :data:`MARGINS`.
    person_of
        From a case's name to its person; by default the ``sub-`` part of the name, else the name.
    seed
        Of the bootstrap.

    Raises
    ------
    UsageError
        The two have no, other, or doubled cases, or nothing in common that the metric can be computed for; or the
        margin is below 0.
    """
    if metric not in DIRECTION:
        raise UsageError(f"There is no metric {metric!r} to compare.", f"Choose one of: {', '.join(DIRECTION)}.")
    margin = MARGINS[metric] if margin is None else margin
    if not 0 <= margin < inf:
        raise UsageError(f"No structure can get worse by {margin:g}.", "Give a margin of 0 or more.")
    pairs = _paired(first, second)
    person_of = person_of or person_in_name
    values = [(person_of(one.name), _values(one, other, metric)) for one, other in pairs]
    rng = np.random.default_rng(seed)
    overall = _difference([(who, np.mean(list(both.values()), axis=0)) for who, both in values if both], metric, rng)
    if overall is None:
        raise UsageError(
            f"No case has a structure whose {metric} both can be compared by.", "Compare them by dice instead."
        )
    structures = []
    for key in sorted({key for _, both in values for key in both}, key=from_head_to_tail):
        difference = _difference([(who, both[key]) for who, both in values if key in both], metric, rng)
        if difference is not None:
            structures.append(StructureComparison(key, difference, difference.gain < -margin))
    verdict, reason = _verdict(overall, [entry for entry in structures if entry.dropped], margin)
    return PairedComparison(metric, margin, overall, tuple(structures), verdict, reason)


def person_in_name(case: str) -> str:
    """Return the ``sub-`` part of a case's name, or the whole name where it has none."""
    found = re.match(r"sub-[0-9A-Za-z+]+", case)
    return found.group() if found else case


def _paired(first: Sequence[CaseMetrics], second: Sequence[CaseMetrics]) -> list[tuple[CaseMetrics, CaseMetrics]]:
    by_name = {case.name: case for case in second}
    names = [case.name for case in first]
    if len(set(names)) < len(names) or len(by_name) < len(second):
        raise UsageError("A case stands twice among those to compare.", "Give each case once.")
    lonely = sorted(set(names) ^ set(by_name))
    if lonely or not names:
        raise UsageError(
            f"The two are not of the same cases: {', '.join(lonely[:5]) or 'there are none'}.",
            "Evaluate both on the same frozen test set.",
        )
    return [(case, by_name[case.name]) for case in first]


def _values(first: CaseMetrics, second: CaseMetrics, metric: str) -> dict[str, tuple[float, float]]:
    """Return the metric of each structure that one of the two lists, as far as it can be said for both."""
    keys = dict.fromkeys(entry.key for case in (first, second) for entry in case.structures)
    values = {}
    for key in keys:
        one, other = (_value(case, key, metric) for case in (first, second))
        if one is not None and other is not None:
            values[key] = one, other
    return values


def _value(case: CaseMetrics, key: str, metric: str) -> float | None:
    """Return a metric; a structure that prediction and truth both lack is agreed upon."""
    if any(entry.key == key for entry in case.structures):
        return case.value(key, metric)
    return 0.0 if metric == "hd95_mm" else 1.0


def _difference(values: Sequence[tuple[str, Any]], metric: str, rng: np.random.Generator) -> PairedDifference | None:
    """Compare pairs of (person, (first, second)); None where there are none."""
    if not values:
        return None
    by_person: dict[str, list[Any]] = {}
    for person, pair in values:
        by_person.setdefault(person, []).append(pair)
    table = np.array([np.mean(pairs, axis=0) for pairs in by_person.values()])
    gains = (table[:, 1] - table[:, 0]) * DIRECTION[metric]
    gains[np.abs(gains) < ROUNDING] = 0  # the test ranks differences; those of rounding would count like any other
    first, second = table.mean(axis=0).tolist()
    several = gains.size > 1
    return PairedDifference(
        people=gains.size,
        cases=len(values),
        first=first,
        second=second,
        gain=float(gains.mean()),
        interval=_interval(gains, rng) if several else None,
        p_value=_p_value(gains) if several else None,
    )


def _interval(gains: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    means = gains[rng.integers(0, gains.size, (RESAMPLES, gains.size))].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]).tolist()
    return low, high


def _p_value(gains: np.ndarray) -> float:
    return float(wilcoxon(gains).pvalue) if gains.any() else 1.0


def _verdict(overall: PairedDifference, dropped: list[StructureComparison], margin: float) -> tuple[Verdict, str]:
    if overall.people < FEWEST_PEOPLE or overall.interval is None or overall.p_value is None:
        return "undecided", f"{overall.people} people are too few to tell; at least {FEWEST_PEOPLE} are needed."
    low, high = overall.interval
    numbers = f"gain {overall.gain:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}, p = {overall.p_value:.3g}"
    if overall.p_value >= SIGNIFICANCE or low <= 0 <= high:
        return "undecided", f"No difference is shown: {numbers}."
    if high < 0:
        return "worse", f"It is worse: {numbers}."
    if dropped:
        worst = min(dropped, key=lambda entry: entry.difference.gain)
        return "mixed", (
            f"The mean is better ({numbers}), but {len(dropped)} of the structures get worse by more than {margin:g}, "
            f"most of all {structure(worst.key).name} ({worst.difference.gain:+.4f}): it is not called better."
        )
    return "better", f"It is better: {numbers}; no structure drops by more than {margin:g}."
