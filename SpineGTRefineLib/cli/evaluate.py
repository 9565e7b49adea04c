"""``evaluate``: say how good predictions are, structure by structure and level by level."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .batch import Outcome
from .options import JsonOption
from .scoring import (
    DescOption,
    KindOption,
    ResultsOption,
    Scoring,
    ToleranceOption,
    TruthDescOption,
    TruthSchemeOption,
    number,
    save_results,
    say_saved,
    score_pairs,
)
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..learning.evaluation import CaseMetrics

STRUCTURE_COLUMNS = (
    "Structure",
    "Cases #",
    "Missed #",
    "Extra #",
    "Dice #",
    "Surface Dice #",
    "HD95 mm #",
    "Volume ratio #",
)
INSTANCE_COLUMNS = ("Kind", "Case", "Found #", "Missed #", "Extra #", "RQ #", "SQ #", "PQ #", "Right names #")
LEVEL_COLUMNS = ("Level", "Case", "F1 of slices #", "Dice by slice #", "Upper end mm #", "Lower end mm #")


def evaluate(
    ctx: typer.Context,
    prediction: Annotated[Path, typer.Argument(metavar="PREDICTION", help="A mask, or a folder of masks.")],
    truth: Annotated[
        Path, typer.Argument(metavar="TRUTH", help="A mask, a folder of masks, or a dataset version (its test set).")
    ],
    kind: KindOption = "",
    scheme: TruthSchemeOption = "",
    prediction_scheme: Annotated[
        str, typer.Option("--prediction-scheme", metavar="SCHEME", help="Label scheme of predictions, if another one.")
    ] = "",
    desc: DescOption = "",
    truth_desc: TruthDescOption = "",
    tolerance_mm: ToleranceOption = 1.0,
    output: ResultsOption = None,
    json: JsonOption = False,
) -> None:
    """Score predictions against the truth: overlap, surfaces, instances, and levels slice by slice.

    In folders, a prediction belongs to the truth whose name tells the same case. A truth without a prediction counts
    as a failure. Run with --output to get tables for a spreadsheet, and a page with plots that explains every number.
    """
    del json
    from ..learning.evaluation import Choice, pair_masks

    terminal = terminal_of(ctx)
    pairs = pair_masks(prediction, truth, prediction=Choice(kind, desc), truth=Choice(kind, truth_desc))
    outcome = score_pairs(terminal, "Scoring", pairs, Scoring(scheme, prediction_scheme, tolerance_mm).score)
    cases = [metrics for _, metrics in outcome.results]
    payload = _payload(prediction, truth, cases, outcome)
    files = _save(output, prediction, truth, cases, payload) if output else []
    terminal.answer(payload, lambda: _show(terminal, cases, outcome))
    say_saved(terminal, output, files)
    outcome.raise_if_any_failed()


def _payload(prediction: Path, truth: Path, cases: list[CaseMetrics], outcome: Outcome[CaseMetrics]) -> dict[str, Any]:
    from ..learning.evaluation import summarize

    return {
        "prediction": str(prediction),
        "truth": str(truth),
        "structures": [entry.as_dict() for entry in summarize(cases)],
        "cases": [case.as_dict() for case in cases],
        "failed": outcome.failures_as_json(),
    }


def _save(output: Path, prediction: Path, truth: Path, cases: list[CaseMetrics], payload: dict[str, Any]) -> list[str]:
    from ..learning.evaluation import instance_rows, level_rows, structure_rows
    from .report.evaluation import render_evaluation

    tables = {
        "structures": list(structure_rows(cases)),
        "instances": list(instance_rows(cases)),
        "levels": list(level_rows(cases)),
    }
    page = render_evaluation(cases, prediction=prediction.name, truth=truth.name, failed=payload["failed"])
    return save_results(output, "metrics", payload, page, tables)


def _show(terminal: Terminal, cases: list[CaseMetrics], outcome: Outcome[CaseMetrics]) -> None:
    from ..learning.evaluation import summarize

    rows = [
        (
            entry.name,
            entry.cases,
            entry.missed,
            entry.extra,
            number(entry.dice.mean),
            number(entry.nsd.mean),
            number(entry.hd95_mm.mean if entry.hd95_mm else None, 2),
            number(entry.volume_ratio.mean if entry.volume_ratio else None, 2),
        )
        for entry in summarize(cases)
    ]
    terminal.table(f"Mean over {len(cases)} case(s)", STRUCTURE_COLUMNS, rows)
    instances = [
        (i.kind, case.name, i.found, i.missed, i.extra, number(i.rq), number(i.sq), number(i.pq), number(i.naming))
        for case in cases
        for i in case.instances
    ]
    if instances:
        terminal.table("Instances, whatever they are called", INSTANCE_COLUMNS, instances)
    levels = [
        (
            v.name,
            case.name,
            number(v.z_f1),
            number(v.slice_dice),
            number(v.head_shift_mm, 1),
            number(v.foot_shift_mm, 1),
        )
        for case in cases
        for v in case.levels
    ]
    if levels:
        terminal.table("Levels, slice by slice (shifts: positive is too low)", LEVEL_COLUMNS, levels)
    for remark in dict.fromkeys(remark for case in cases for remark in case.remarks):
        terminal.say(remark, "yellow")
    outcome.show_failures(terminal)
