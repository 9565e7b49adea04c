"""``demo``: the whole way of a case on artificial spines, from faulty masks to a report, in a minute or two."""

from __future__ import annotations

import json as json_module
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import MissingDependencyError, UsageError
from ..fileops import write_text_atomic
from . import demo_models
from .options import JsonOption
from .review import serve_station
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..checks import Problem
    from ..phantoms import PhantomDataset
    from ..recipes.folder_outcome import CaseOutcome, FolderOutcome
    from .demo_models import ModelResult
    from .report import CaseResult

DEFAULT_FOLDER = Path("spine-gt-refine-demo")
MARKER = ".spine-gt-refine-demo"
REPORT = "report.html"
TITLE = "SpineGTRefine: a demonstration"
INTRO = (
    "These spines are artificial, made by this program. Their masks came with faults on purpose: levels named one too "
    "low, bone in the canal, vertebrae split in two. This page shows what the checks found, what the repair changed, "
    "and what is left for you to look at."
)

NOTES = {
    "sub-01_T2w": "From L2 on, the lab's mask names every level one too low, and L1 reaches into the canal.",
    "sub-02_T2w": "A spine with six lumbar vertebrae. In the lab's mask, L4 is split in two.",
    "sub-03_T2w": "Thick, oblique slices of the neck. The lab's mask lacks C6 and has an extra piece near T1.",
}
MODEL_COLUMNS = ("Recipe", "Model", "Dice to the exact mask #")
STEPS = ("three spines made", "masks repaired", "checked", "report drawn")


def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where to put the example; a new or empty folder.")
    ] = DEFAULT_FOLDER,
    open_pages: Annotated[
        bool, typer.Option("--open", help="At the end open the report, and the review station where it is installed.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Try everything on an artificial dataset: make it, repair it, check it, see the result as a web page.

    Takes a minute or two, needs no network and no graphics card, and touches nothing outside FOLDER.
    """
    del json
    terminal = terminal_of(ctx)
    _prepare(folder)
    with_models = demo_models.models_can_run()
    with terminal.progress("Demo", len(STEPS) + len(demo_models.RECIPES) * with_models) as step:
        made = _make(folder)
        step(STEPS[0])
        outcome = _refine(made)
        step(STEPS[1])
        results = [_result(made, case) for case in outcome.succeeded]
        step(STEPS[2])
        drawn = demo_models.run_models(made, step) if with_models else []
        report = _write_report(folder, [*results, *(result.section for result in drawn)], outcome)
        step(STEPS[3])
    payload = _payload(made, report, results, outcome, drawn)
    terminal.answer(payload, lambda: _show(terminal, made, report, payload))
    if open_pages:
        webbrowser.open(report.resolve().as_uri())
    outcome.raise_if_failed()
    if open_pages:
        _serve(terminal, made)


def _serve(terminal: Terminal, made: PhantomDataset) -> None:
    """Serve the station on the made dataset; where it cannot run, say why and leave it at the report."""
    try:
        serve_station(terminal, made.root, open_page=True)
    except MissingDependencyError as error:
        terminal.say(f"\nThe review station does not run here. {error}")


def _prepare(folder: Path) -> None:
    """Make the folder and mark it as ours; a folder that holds anything else is left alone."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", "Name a new folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise UsageError(
            f"The folder {folder} is not empty, and no earlier demo made it.",
            "Name a new folder, for example: spine-gt-refine demo my-demo",
        )
    write_text_atomic(folder / MARKER, "Made by: spine-gt-refine demo. This whole folder can be deleted.\n")


def _make(folder: Path) -> PhantomDataset:
    from ..phantoms import make_dataset

    return make_dataset(folder)


def _refine(made: PhantomDataset) -> FolderOutcome:
    from ..recipes.spine_from_outputs import refine_spine_folders

    return refine_spine_folders(made.spineps, made.totalspineseg, made.canal, images=made.root)


def _result(made: PhantomDataset, outcome: CaseOutcome) -> CaseResult:
    """Read the masks of a case back from disk and check them, as any user of the dataset would."""
    from ..anatomy import scheme
    from ..bids import Dataset, mask_type
    from ..checks import check_labels
    from ..imaging import read_image, read_labels, reorient_to_grid
    from .report import CaseResult
    from .report.decisions import decision_sentences

    dataset, spine = Dataset.open(made.root), mask_type("spine")
    case = dataset.case(outcome.key)
    image = read_image(case.image)
    lab = next(mask for mask in case.masks_of(spine) if mask.pipeline == "labels")
    before = reorient_to_grid(read_labels(lab.path, spine.scheme), image.geometry)
    saved = outcome.saved.path if outcome.saved else dataset.mask_path(case, spine)
    after = read_labels(saved, spine.scheme)
    canal = read_labels(made.canal / f"{case.key}_label-canal_seg.nii.gz", scheme("canal"))
    decisions = json_module.loads(outcome.report.read_text(encoding="utf-8"))["Decisions"] if outcome.report else ()
    return CaseResult(
        name=case.key,
        image=image,
        before=before,
        after=after,
        problems_before=check_labels(before, canal=canal),
        problems_after=check_labels(after, canal=canal),
        decisions=decision_sentences(decisions),
        note=NOTES.get(case.key, ""),
        saved_as=saved.relative_to(dataset.root).as_posix(),
    )


def _write_report(folder: Path, results: list[CaseResult], outcome: FolderOutcome) -> Path:
    from .report import Report, render_report

    failures = [(case.key, str(case.error)) for case in outcome.failed]
    path = folder / REPORT
    # A report may be handed on, so it names the folder without the place where the reader's own files are.
    steps = _next_steps(Path(folder.resolve().name, "dataset"))
    write_text_atomic(path, render_report(Report(TITLE, INTRO, results, failures, steps)))
    return path


def _payload(
    made: PhantomDataset,
    report: Path,
    results: list[CaseResult],
    outcome: FolderOutcome,
    drawn: list[ModelResult],
) -> dict[str, Any]:
    from ..imaging import label_difference

    cases = [
        {
            "case": result.name,
            "mask": result.saved_as,
            "changed_voxels": label_difference(result.before, result.after).changed_voxels,
            "problems_before": _suspicious(result.problems_before),
            "problems_after": _suspicious(result.problems_after),
        }
        for result in results
    ]
    failures = [case.as_dict() for case in outcome.failed]
    models = [
        {"recipe": r.recipe, "model": r.model, "dice": round(r.dice, 3), "mask": r.section.saved_as} for r in drawn
    ]
    return {
        "dataset": str(made.root),
        "report": str(report),
        "cases": cases,
        "models": models,
        "failures": failures,
    }


def _suspicious(problems: Sequence[Problem]) -> int:
    """Count errors and warnings; remarks on what is unusual but possible are no problems."""
    return sum(problem.severity != "info" for problem in problems)


def _show(terminal: Terminal, made: PhantomDataset, report: Path, payload: dict[str, Any]) -> None:
    columns = ("Case", "Voxels changed #", "Problems before #", "Problems now #")
    names = ("case", "changed_voxels", "problems_before", "problems_after")
    terminal.table("Repaired", columns, [[case[name] for name in names] for case in payload["cases"]])
    if payload["models"]:
        rows = [(row["recipe"], row["model"], f"{row['dice']:.3f}") for row in payload["models"]]
        terminal.table("Drawn by demo models (trained on artificial spines, not for patients)", MODEL_COLUMNS, rows)
    else:
        terminal.say(demo_models.NOT_INSTALLED)
    terminal.say(f"Report, with pictures: {report.resolve()}", "bold")
    terminal.say(f"Dataset: {made.root}")
    terminal.say("\nTry next:")
    for command, what in _next_steps(made.root):
        terminal.say(f"  {command}\n      {what}")


def _next_steps(dataset: Path) -> tuple[tuple[str, str], ...]:
    name = f'"{dataset}"' if " " in str(dataset) else str(dataset)
    return (
        (f"spine-gt-refine check {name}", "Lists what is still suspicious, with the slice and what to do."),
        (f"spine-gt-refine review {name} --open", "Corrects the masks in a browser (extra `station`)."),
        (f"spine-gt-refine index {name}", "Shows every image, its masks and how far its review is."),
        (f"spine-gt-refine refine spine --images {name} --help", "The same repair for a dataset of your own."),
    )
