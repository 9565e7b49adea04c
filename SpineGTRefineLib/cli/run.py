"""``run``: let a model propose masks for a dataset or one image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption, OutputOption
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids import Case, Dataset
    from ..recipes.folder_outcome import FolderOutcome


def run(
    ctx: typer.Context,
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET|IMAGE", help="A BIDS dataset, one subject's folder, or one image.")
    ],
    recipe: Annotated[str, typer.Option("--recipe", metavar="NAME", help="What to make: canal or cord.")],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Which model; default: the first installed one of the recipe."),
    ] = None,
    case: Annotated[
        list[str] | None,
        typer.Option("--subject", "--case", metavar="NAME", help="Only this subject or case; may be repeated."),
    ] = None,
    contrast: Annotated[
        str | None,
        typer.Option("--contrast", metavar="NAME", help="Contrast of the images where their names do not tell (T2w)."),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    again: Annotated[
        bool, typer.Option("--again", help="Run also where this model has already run on the same image.")
    ] = False,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Let a model propose a mask for each image.

    Results are proposals: a mask that a person has edited is never touched, the new one comes beside it. Cases that
    are done are skipped, so an interrupted run is continued by the same command.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..models import ModelStore
    from ..recipes.batch import RunSettings, run_on_dataset
    from ..recipes.definition import recipe as recipe_called
    from ..recipes.folder_outcome import FolderOutcome
    from ..recipes.runner import choose_model

    chosen = recipe_called(recipe)
    opened = Dataset.open(dataset, output)
    cases = _chosen(opened, case or [])
    installed = choose_model(chosen, ModelStore(), model)
    settings = RunSettings(device, contrast, again)
    outcomes = []
    with terminal.progress(f"{chosen.title} ({installed.entry.name})", len(cases)) as step:
        for outcome in run_on_dataset(chosen, opened, cases, installed, settings):
            outcomes.append(outcome)
            step(outcome.key)
    summary = FolderOutcome(tuple(outcomes))
    answer = {"recipe": chosen.name, "model": installed.entry.name, "cases": [o.as_dict() for o in outcomes]}
    terminal.answer(answer, lambda: _show(terminal, chosen.title, summary))
    summary.raise_if_failed()


def _chosen(dataset: Dataset, names: list[str]) -> list[Case]:
    """Cases that were asked for, by case key or subject (with or without ``sub-``); all if none was named."""
    from ..errors import MissingFileError, UsageError

    cases = dataset.cases()
    if not cases:
        raise MissingFileError(f"There is no image in {dataset.root}.", "See what was found: spine-gt-refine index")
    wanted = {name.removeprefix("sub-") for name in names}
    chosen = [c for c in cases if not wanted or {c.subject, c.key.removeprefix("sub-")} & wanted]
    found = {name for c in chosen for name in (c.subject, c.key.removeprefix("sub-"))}
    if missing := sorted(wanted - found):
        raise UsageError(f"There is no subject or case {missing[0]!r}.", "List the cases: spine-gt-refine index")
    return chosen


def _show(terminal: Terminal, title: str, summary: FolderOutcome) -> None:
    rows = []
    for outcome in summary.succeeded:
        name = outcome.saved.path.name if outcome.saved else "done before"
        rows.append((outcome.key, name, " ".join(outcome.notes), f"{outcome.seconds:.1f}"))
    if rows:
        terminal.table(title, ("Case", "Mask", "Notes", "Seconds #"), rows)
    failed = [(o.key, o.error.cause, o.error.remedy) for o in summary.failed if o.error]
    if failed:
        terminal.table(f"{len(failed)} failed", ("Case", "Why", "What to do"), failed)
