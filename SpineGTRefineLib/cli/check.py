"""``check``: say what in masks is suspicious, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DatasetError, RefineError
from .batch import Outcome, each_case
from .options import JsonOption, OutputOption, TsvOption, existing_file
from .spreadsheet import write_tsv
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids import Case, Dataset
    from ..checks import Problem
    from ..imaging import LabelMap

COLUMNS = ("Case", "Severity", "Where", "What, and what to do")
TSV_COLUMNS = ("case", "severity", "rule", "structure", "value", "axis", "slice", "x", "y", "z", "message", "remedy")


class FailOn(StrEnum):
    """From which severity on the command ends with a non-zero exit code."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


class ProblemsFoundError(RefineError):
    """Problems were found, and the user asked to be told by the exit code."""

    exit_code = 1


@dataclass(frozen=True)
class Masks:
    """What is checked together."""

    spine: LabelMap
    canal: LabelMap | None
    cord: LabelMap | None


def check(
    ctx: typer.Context,
    target: Annotated[
        Path, typer.Argument(metavar="DATASET|FILE", help="A BIDS dataset, or one mask of the spine (.nii.gz, .nii).")
    ],
    scheme: Annotated[
        str, typer.Option("--scheme", metavar="SCHEME", help="Label scheme of FILE; see: convert --list.")
    ] = "spine",
    canal: Annotated[
        Path | None, typer.Option("--canal", metavar="FILE", help="Canal mask that goes with FILE.")
    ] = None,
    cord: Annotated[Path | None, typer.Option("--cord", metavar="FILE", help="Cord mask that goes with FILE.")] = None,
    output: OutputOption = None,
    tsv: TsvOption = None,
    fail_on: Annotated[
        FailOn,
        typer.Option("--fail-on", help="End with exit code 1 if problems of this severity, or worse, are found."),
    ] = FailOn.NEVER,
    remarks: Annotated[
        bool, typer.Option("--remarks", help="Also show what is unusual but possible (severity info).")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check masks of the spine against the rules of anatomy: which level, which slice, and why.

    Of a dataset, the refined mask of each case is checked, or the mask in derivatives where none was refined yet.
    Unusual anatomy, such as thirteen thoracic or six lumbar vertebrae, is pointed out but never called an error.

    Exit code 0: the check ran, whatever it found (see --fail-on). Other codes: something could not be checked.
    """
    del json
    terminal = terminal_of(ctx)
    outcome = _check_dataset(terminal, target, output) if target.is_dir() else _check_file(target, scheme, canal, cord)
    if tsv is not None:
        rows = [_tsv_row(name, problem) for name, problems in outcome.results for problem in problems]
        write_tsv(tsv, TSV_COLUMNS, rows)
    terminal.answer(_payload(outcome), lambda: _show(terminal, outcome, remarks=remarks))
    outcome.raise_if_any_failed()
    _raise_if_found([problem for _, problems in outcome.results for problem in problems], fail_on)


def _check_file(path: Path, scheme_name: str, canal: Path | None, cord: Path | None) -> Outcome[tuple[Problem, ...]]:
    from ..anatomy import scheme
    from ..imaging import read_labels

    def optional(mask: Path | None, what: str) -> LabelMap | None:
        return read_labels(existing_file(mask, f"{what} mask"), scheme(what)) if mask is not None else None

    spine = read_labels(existing_file(path, "mask"), scheme(scheme_name))
    return Outcome([(path.name, _problems(Masks(spine, optional(canal, "canal"), optional(cord, "cord"))))])


def _check_dataset(terminal: Terminal, path: Path, output: Path | None) -> Outcome[tuple[Problem, ...]]:
    from ..bids import Dataset

    dataset = Dataset.open(path, output)
    found = [(case.key, case) for case in dataset.cases() if _has_spine(dataset, case)]
    if not found:
        raise DatasetError(
            f"{dataset.root} holds no masks of the spine to check.",
            "Make some with: spine-gt-refine refine spine --help, or check one file.",
        )
    return each_case(terminal, "Checking", found, lambda case: _problems(_masks(dataset, case)))


def _has_spine(dataset: Dataset, case: Case) -> bool:
    from ..bids import mask_type

    spine = mask_type("spine")
    return bool(case.masks_of(spine)) or dataset.mask_path(case, spine).exists()


def _masks(dataset: Dataset, case: Case) -> Masks:
    from ..bids import load_mask, mask_type
    from ..errors import DatasetError

    spine = load_mask(dataset, case, mask_type("spine"))
    if spine is None:
        raise DatasetError(f"{case.key} has no usable mask of the spine.", "See: spine-gt-refine index.")
    canal, cord = (load_mask(dataset, case, mask_type(name)) for name in ("canal", "cord"))
    return Masks(spine, canal, cord)


def _problems(masks: Masks) -> tuple[Problem, ...]:
    from ..checks import check_labels

    return check_labels(masks.spine, canal=masks.canal, cord=masks.cord)


def _payload(outcome: Outcome[tuple[Problem, ...]]) -> dict[str, Any]:
    problems = [problem for _, found in outcome.results for problem in found]
    return {
        "cases": [
            {"case": name, "problems": [problem.as_dict() for problem in found]} for name, found in outcome.results
        ],
        "failures": outcome.failures_as_json(),
        "counts": {level: sum(p.severity == level for p in problems) for level in ("error", "warning", "info")},
    }


def _show(terminal: Terminal, outcome: Outcome[tuple[Problem, ...]], *, remarks: bool) -> None:
    every = [(name, problem) for name, found in outcome.results for problem in found]
    shown = [(name, problem) for name, problem in every if remarks or problem.severity != "info"]
    if shown:
        terminal.table("What is suspicious", COLUMNS, [_row(name, problem) for name, problem in shown])
    clean = sum(all(problem.severity == "info" for problem in found) for _, found in outcome.results)
    terminal.say(f"{len(outcome.results)} checked, {clean} of them with nothing suspicious.")
    if len(every) > len(shown):
        terminal.say(f"{len(every) - len(shown)} remarks are not shown (unusual but possible); add --remarks.")
    outcome.show_failures(terminal)


def _row(name: str, problem: Problem) -> tuple[object, ...]:
    place = f"slice {'ijk'[problem.slice[0]]} = {problem.slice[1]}" if problem.slice is not None else ""
    where = "\n".join(part for part in (_name(problem.structure), place) if part)
    return name, problem.severity, where, f"{problem.message}\n{problem.remedy}".strip()


def _name(structure: str | None) -> str:
    """Name for people of a structure; keys are for programs (``--json``, ``--tsv``)."""
    from ..anatomy import structures

    known = structures().get(structure) if structure else None
    return known.name if known else ""


def _tsv_row(name: str, problem: Problem) -> tuple[object, ...]:
    axis, index = problem.slice if problem.slice is not None else (None, None)
    x, y, z = (round(mm, 2) for mm in problem.position) if problem.position is not None else (None, None, None)
    text = (name, problem.severity, problem.rule, problem.structure, problem.value)
    return (*text, axis, index, x, y, z, problem.message, problem.remedy)


def _raise_if_found(problems: list[Problem], fail_on: FailOn) -> None:
    counted = {FailOn.ERROR: ("error",), FailOn.WARNING: ("error", "warning"), FailOn.NEVER: ()}[fail_on]
    found = sum(problem.severity in counted for problem in problems)
    if found:
        raise ProblemsFoundError(
            f"{found} problem(s) of severity {' or '.join(counted)} found.",
            "Mend the masks, or leave out --fail-on to see the list without an error.",
        )
