"""``run``: let a model propose masks for a dataset or one image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, OutputOption, PythonOption
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids import Case, Dataset
    from ..engine import Progress
    from ..models import InstalledModel
    from ..recipes.batch import RunSettings
    from ..recipes.definition import Recipe


@dataclass(frozen=True)
class _Request:
    """What is to be run on what."""

    recipe: Recipe
    dataset: Dataset
    cases: list[Case]
    model: InstalledModel
    settings: RunSettings

    @property
    def title(self) -> str:
        return f"{self.recipe.title} ({self.model.entry.name})"


def run(
    ctx: typer.Context,
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET|IMAGE", help="A BIDS dataset, one subject's folder, or one image.")
    ],
    recipe: Annotated[str, typer.Option("--recipe", metavar="NAME", help="What to make: canal, cord, spine ...")],
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
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the recipe for this run; may be repeated."),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    mode: Annotated[
        str, typer.Option("--mode", help="exact, or fast: half the bits where this processor is faster so.")
    ] = "exact",
    again: Annotated[
        bool, typer.Option("--again", help="Run also where this model has already run on the same image.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say how much time and memory each case will take, and run nothing.")
    ] = False,
    python: PythonOption = None,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Run the model in this very process, without a worker.")
    ] = False,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Let a model propose a mask for each image.

    Results are proposals: a mask that a person has edited is never touched, the new one comes beside it. Cases that
    are done are skipped, so an interrupted run is continued by the same command. The model runs in a worker, a process
    of its own that keeps it loaded from case to case; Ctrl+C stops it at the next tile.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..models import ModelStore
    from ..recipes.batch import RunSettings
    from ..recipes.definition import recipe as recipe_called
    from ..recipes.model_choice import choose_model
    from ..recipes.stated_settings import parse_settings

    chosen = recipe_called(recipe)
    chosen = chosen.with_settings(parse_settings(setting or [], chosen.settings))
    opened = Dataset.open(dataset, output)
    cases = _chosen(opened, case or [])
    installed = choose_model(chosen, ModelStore(), model)
    request = _Request(chosen, opened, cases, installed, RunSettings(device, contrast, again, _known(mode)))
    if plan:
        _show_plans(terminal, request, python)
        return
    outcomes = _in_this_process(terminal, request) if in_process else _in_worker(terminal, request, python)
    answer = {"recipe": chosen.name, "model": installed.entry.name, "cases": outcomes}
    terminal.answer(answer, lambda: _show(terminal, chosen.title, outcomes))
    _raise_if_failed(outcomes)


def _known(mode: str) -> str:
    from ..errors import UsageError
    from ..models.backends import MODES

    if mode not in MODES:
        raise UsageError(f"Unknown mode {mode!r}.", f"Choose from: {', '.join(MODES)}.")
    return mode


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


def _in_this_process(terminal: Terminal, request: _Request) -> list[dict[str, Any]]:
    from ..recipes.batch import run_on_dataset

    outcomes = []
    with terminal.progress(request.title, len(request.cases)) as step:
        for outcome in run_on_dataset(request.recipe, request.dataset, request.cases, request.model, request.settings):
            outcomes.append(outcome.as_dict())
            step(outcome.key)
    return outcomes


def _in_worker(terminal: Terminal, request: _Request, python: Path | None) -> list[dict[str, Any]]:
    from ..engine import Engine, find_python, worker_command, worker_environment
    from ..engine.batch import run_jobs

    engine = Engine(worker_command(find_python(python)), environment=worker_environment(), on_log=terminal.note_log)
    outcomes: list[dict[str, Any]] = []
    total = len(request.cases)
    try:
        with terminal.counter(request.title) as show:

            def report(key: str, progress: Progress) -> None:
                show(len(outcomes), total, f"{key}: {_in_words(progress)}")

            show(0, total, "starting the worker")
            for outcome in run_jobs(engine, _jobs(request), report):
                outcomes.append(outcome)
                show(len(outcomes), total, outcome["case"])
    finally:
        engine.shutdown()
    order = {case.key: number for number, case in enumerate(request.cases)}
    return sorted(outcomes, key=lambda outcome: order[outcome["case"]])


def _jobs(request: _Request) -> Iterator[dict[str, Any]]:
    from ..engine.recipe_jobs import recipe_job

    settings = request.settings
    for case in request.cases:
        yield recipe_job(
            request.dataset,
            case,
            request.recipe.name,
            model=request.model.entry.name,
            device=settings.device,
            contrast=settings.contrast,
            settings=dict(request.recipe.stated),
            again=settings.again,
            **({} if settings.mode == "exact" else {"mode": settings.mode}),
        )


def _in_words(progress: Progress) -> str:
    from ..engine.plan import duration

    tile = f", tile {progress.tile} of {progress.tiles}" if progress.tile else ""
    left = f", {duration(progress.eta_s)} left" if progress.eta_s is not None else ""
    return f"{progress.stage}{tile}{left}"


def _show_plans(terminal: Terminal, request: _Request, python: Path | None) -> None:
    from ..engine import find_python
    from ..engine.machine import describe_machine
    from ..engine.plan import duration, plan_run
    from ..imaging import read_image
    from ..process.environments import check_python

    device = request.settings.device
    gpu = None if device == "cpu" else check_python(find_python(python), ["torch"]).gpu
    machine = describe_machine(device, gpu)
    plans = [(case.key, plan_run(request.model, read_image(case.image).geometry, machine)) for case in request.cases]
    rows = [
        (
            key, p.tiles, p.device, duration(p.seconds), f"{p.main_bytes / 2**30:.1f}", f"{p.device_bytes / 2**30:.1f}",
            p.refusal or " ".join(p.notes),
        )
        for key, p in plans
    ]  # fmt: skip
    columns = ("Case", "Tiles #", "Device", "Time #", "Memory GB #", "Card GB #", "Notes")
    terminal.answer(
        {"model": request.model.entry.name, "cases": [{"case": key, **p.as_dict()} for key, p in plans]},
        lambda: terminal.table(f"Plan: {request.title}; upper bounds, before the first run rough", columns, rows),
    )


def _show(terminal: Terminal, title: str, outcomes: list[dict[str, Any]]) -> None:
    rows = [
        (o["case"], Path(o["mask"]).name if "mask" in o else "done before", " ".join(o["notes"]), f"{o['seconds']:.1f}")
        for o in outcomes
        if o["succeeded"]
    ]
    if rows:
        terminal.table(title, ("Case", "Mask", "Notes", "Seconds #"), rows)
    failed = [(o["case"], o["error"]["cause"], o["error"]["remedy"]) for o in outcomes if not o["succeeded"]]
    if failed:
        terminal.table(f"{len(failed)} failed", ("Case", "Why", "What to do"), failed)


def _raise_if_failed(outcomes: list[dict[str, Any]]) -> None:
    from ..errors import PartialFailureError

    if failed := [outcome["case"] for outcome in outcomes if not outcome["succeeded"]]:
        raise PartialFailureError(
            f"{len(failed)} of {len(outcomes)} cases failed: {', '.join(failed)}.",
            "See the cause and the remedy of each case.",
        )
