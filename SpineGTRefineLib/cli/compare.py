"""``compare``: say which of two models, or of two ground truths, is better, and whether that is shown at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .batch import Outcome
from .options import JsonOption
from .scoring import (
    KindOption,
    ResultsOption,
    Scoring,
    ToleranceOption,
    TruthSchemeOption,
    number,
    save_results,
    say_saved,
    score_pairs,
)
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..learning.evaluation import CaseMetrics, PairedComparison

COLUMNS = ("Structure", "People #", "First #", "Second #", "Gain #", "95 % interval", "p #", "")
STYLES = {"better": "green", "worse": "red", "mixed": "yellow", "undecided": ""}


class MetricName(StrEnum):
    """What is compared."""

    DICE = "dice"
    NSD = "nsd"
    HD95_MM = "hd95_mm"


@dataclass(frozen=True)
class _Scores:
    """The same cases scored for both candidates, and those that could not be."""

    first: list[CaseMetrics]
    second: list[CaseMetrics]
    outcomes: tuple[Outcome[CaseMetrics], Outcome[CaseMetrics]]


def compare(
    ctx: typer.Context,
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="Masks of the model (or rater) in use.")],
    second: Annotated[Path, typer.Argument(metavar="SECOND", help="Masks of the one that might replace it.")],
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="PLACE", help="What both are scored against; see: evaluate.")
    ] = None,
    prediction: Annotated[
        Path | None,
        typer.Option("--prediction", metavar="PLACE", help="FIRST and SECOND are ground truths: score this on both."),
    ] = None,
    metric: Annotated[MetricName, typer.Option("--metric", help="What to compare.")] = MetricName.DICE,
    margin: Annotated[
        float | None,
        typer.Option("--margin", help="How much one structure may get worse. Default: 0.02, or 1 mm for hd95_mm."),
    ] = None,
    kind: KindOption = "",
    scheme: TruthSchemeOption = "",
    tolerance_mm: ToleranceOption = 1.0,
    output: ResultsOption = None,
    json: JsonOption = False,
) -> None:
    """Compare two models, or two ground truths, on the same cases, person by person.

    SECOND is called better only if a Wilcoxon test and a bootstrap interval say so, and no structure gets worse by
    more than the margin. With fewer than six people nothing is decided.
    """
    del json
    terminal = terminal_of(ctx)
    if (truth is None) == (prediction is None):
        raise UsageError("compare needs either --truth or --prediction.", "For two models: --truth FOLDER")
    scores = _score(terminal, (first, second), truth, prediction, kind, Scoring(scheme, "", tolerance_mm))
    from ..learning.evaluation import compare_paired

    result = compare_paired(scores.first, scores.second, metric=metric.value, margin=margin)
    payload: dict[str, Any] = {
        "first": str(first),
        "second": str(second),
        **result.as_dict(),
        "failed": [failure for outcome in scores.outcomes for failure in outcome.failures_as_json()],
    }
    files = _save(output, first, second, result, payload) if output else []
    terminal.answer(payload, lambda: _show(terminal, result, scores))
    say_saved(terminal, output, files)
    for outcome in scores.outcomes:
        outcome.raise_if_any_failed()


def _score(
    terminal: Terminal,
    candidates: tuple[Path, Path],
    truth: Path | None,
    prediction: Path | None,
    kind: str,
    scoring: Scoring,
) -> _Scores:
    from ..learning.evaluation import Choice, pair_masks

    outcomes = []
    for place in candidates:
        ends = (place, truth) if truth is not None else (prediction, place)
        assert ends[0] is not None
        assert ends[1] is not None
        pairs = pair_masks(ends[0], ends[1], prediction=Choice(kind), truth=Choice(kind))
        outcomes.append(score_pairs(terminal, f"Scoring {place.name}", pairs, scoring.score))
    first, second = (dict(outcome.results) for outcome in outcomes)
    shared = [name for name in first if name in second]
    return _Scores([first[n] for n in shared], [second[n] for n in shared], (outcomes[0], outcomes[1]))


def _save(output: Path, first: Path, second: Path, result: PairedComparison, payload: dict[str, Any]) -> list[str]:
    from .report.evaluation import render_comparison

    page = render_comparison(result, first=first.name, second=second.name)
    return save_results(output, "comparison", payload, page, {"comparison": _rows(result)})


def _rows(result: PairedComparison) -> list[dict[str, Any]]:
    named = [("all", result.overall, False), *((s.key, s.difference, s.dropped) for s in result.structures)]
    return [
        {
            "structure": key,
            "people": d.people,
            "cases": d.cases,
            "first": d.first,
            "second": d.second,
            "gain": d.gain,
            "low": d.interval[0] if d.interval else None,
            "high": d.interval[1] if d.interval else None,
            "p": d.p_value,
            "dropped": "yes" if dropped else "no",
        }
        for key, d, dropped in named
    ]


def _show(terminal: Terminal, result: PairedComparison, scores: _Scores) -> None:
    rows = [
        (
            row["structure"],
            row["people"],
            number(row["first"]),
            number(row["second"]),
            f"{row['gain']:+.3f}",
            "n/a" if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}",
            number(row["p"]),
            "drops" if row["dropped"] == "yes" else "",
        )
        for row in _rows(result)
    ]
    terminal.table(f"{result.metric}, first against second", COLUMNS, rows)
    terminal.say(f"{result.verdict.upper()}. {result.reason}", STYLES[result.verdict])
    for outcome in scores.outcomes:
        outcome.show_failures(terminal)
