"""Scores of models as web pages: plots, tables, and what every number means. Nothing is fetched, nothing runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...anatomy import structure
from .page import filled_page
from .plots import Plot, Scale, interval_plot, strip_plot

if TYPE_CHECKING:
    from ...learning.evaluation import CaseMetrics, PairedComparison, StructureMetrics, StructureSummary

WORST = 15
"""How many of the lowest scores are listed."""


@dataclass(frozen=True)
class Worst:
    """A low score, to be looked at first."""

    case: str
    name: str
    metrics: StructureMetrics


def render_evaluation(
    cases: Sequence[CaseMetrics], *, prediction: str, truth: str, failed: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Return the scores of a model as the text of an HTML file.

    Parameters
    ----------
    cases
        At least one.
    prediction, truth
        Names of what was compared.
    failed
        Cases without scores: dictionaries with ``case`` and ``cause``.
    """
    from ...learning.evaluation import explanations, summarize

    summary = summarize(cases)
    listed = [Worst(case.name, entry.name, entry) for case in cases for entry in case.structures]
    return filled_page(
        "evaluation.html.j2",
        title=f"{prediction} against {truth}",
        cases=cases,
        failed=failed,
        summary=summary,
        plots=[plot for metric in ("dice", "nsd", "hd95_mm") if (plot := _plot(metric, summary, cases))],
        worst=sorted(listed, key=lambda entry: (entry.metrics.dice, entry.metrics.nsd))[:WORST],
        explanations=explanations(),
    )


def render_comparison(result: PairedComparison, *, first: str, second: str) -> str:
    """Return a paired comparison as the text of an HTML file; ``first`` and ``second`` are the names of the two."""
    from ...learning.evaluation import explanation

    metric = explanation(result.metric)
    rows = [("All structures", result.overall.gain, result.overall.interval, "overall")]
    for entry in result.structures:
        kind = "dropped" if entry.dropped else ""
        rows.append((structure(entry.key).name, entry.difference.gain, entry.difference.interval, kind))
    note = f"Right of the line at 0: {second} is better. Bars are 95 % bootstrap intervals over people."
    plot = interval_plot(f"Gain in {metric.name}", note, rows, result.margin)
    return filled_page(
        "comparison.html.j2",
        title=f"{first} or {second}?",
        first=first,
        second=second,
        result=result,
        names={entry.key: structure(entry.key).name for entry in result.structures},
        plots=[plot],
        explanations=[metric],
    )


def _plot(metric: str, summary: Sequence[StructureSummary], cases: Sequence[CaseMetrics]) -> Plot | None:
    from ...learning.evaluation import explanation

    meaning = explanation(metric)
    rows = []
    for entry in summary:
        spread = getattr(entry, metric)
        if spread is None:
            continue
        numbers = [(case.name, number) for case in cases if (number := case.value(entry.key, metric)) is not None]
        rows.append((entry.name, numbers, spread.median))
    if not rows:
        return None
    limits = (0.0, 1.0) if meaning.perfect == 1 else (0.0, None)
    scale = Scale.over([number for _, numbers, _ in rows for _, number in numbers], least=limits[0], most=limits[1])
    unit = f" ({meaning.unit})" if meaning.unit else ""
    return strip_plot(
        f"{meaning.name}{unit}",
        f"Each dot is a case, the line is the median. {meaning.better.capitalize()} is better.",
        rows,
        scale,
    )
