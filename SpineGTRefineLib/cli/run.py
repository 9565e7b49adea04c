"""``run``: let a model propose masks for a dataset or one image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import DeviceOption, JsonOption, OutputOption, PythonOption
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids import Dataset
    from ..engine.request import RecipeRequest
    from ..recipes.definition import Recipe

CHAMPION = "champion"
"""Stands for the name of the dataset's champion; see ``ship``."""

TargetArgument = Annotated[
    Path, typer.Argument(metavar="DATASET|IMAGE", help="A BIDS dataset, one subject's folder, or one image.")
]

RecipeOption = Annotated[str, typer.Option("--recipe", metavar="NAME", help="What to make: canal, cord, spine ...")]

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Which model; champion for the one that `ship` keeps; default: the first installed one of the recipe.",
    ),
]

CaseOption = Annotated[
    list[str] | None,
    typer.Option("--subject", "--case", metavar="NAME", help="Only this subject or case; may be repeated."),
]

ContrastOption = Annotated[
    str | None,
    typer.Option("--contrast", metavar="NAME", help="Contrast of the images where their names do not tell (T2w)."),
]

SettingOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the recipe for this run; may be repeated."),
]

ModeOption = Annotated[
    str, typer.Option("--mode", help="exact, or fast: half the bits where this processor is faster so.")
]

AgainOption = Annotated[
    bool, typer.Option("--again", help="Run also where this model has already run on the same image.")
]

PlanOption = Annotated[
    bool, typer.Option("--plan", help="Only say how much time and memory each case will take, and run nothing.")
]

InProcessOption = Annotated[
    bool, typer.Option("--in-process", help="Run the model in this very process, without a worker.")
]

WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=0, help="So many cases at once; 0: one per graphics card, or for two cores."),
]

SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Run on the workers of this Dask scheduler (tcp://...)."),
]


def run(
    ctx: typer.Context,
    dataset: TargetArgument,
    recipe: RecipeOption,
    model: ModelOption = None,
    case: CaseOption = None,
    contrast: ContrastOption = None,
    setting: SettingOption = None,
    device: DeviceOption = "auto",
    mode: ModeOption = "exact",
    again: AgainOption = False,
    plan: PlanOption = False,
    python: PythonOption = None,
    in_process: InProcessOption = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Let a model propose a mask for each image.

    Results are proposals: a mask that a person has edited is never touched, the new one comes beside it. Cases that
    are done are skipped, so an interrupted run is continued by the same command. The model runs in a worker, a process
    of its own that keeps it loaded from case to case; Ctrl+C stops it at the next tile. Many cases go faster on several
    workers: of this machine (--workers), or of a Dask cluster whose machines see the dataset under the same path
    (--scheduler).
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..engine.request import RecipeRequest
    from ..recipes.batch import RunSettings
    from ..recipes.definition import recipe as recipe_called
    from ..recipes.stated_settings import parse_settings

    opened = Dataset.open(dataset, output)
    _require_one_way({"--in-process": in_process, "--workers": workers is not None, "--scheduler": bool(scheduler)})
    stated = parse_settings(setting or [], recipe_called(recipe).settings)
    request = RecipeRequest.of(
        opened,
        recipe,
        cases=case or [],
        model=_champion(opened, recipe_called(recipe)) if model == CHAMPION else model,
        stated=stated,
        settings=RunSettings(device, contrast, again, mode),
    )
    if plan:
        _show_plans(terminal, request, python)
        return
    with terminal.counter(request.title) as show:
        if in_process:
            outcomes = request.in_this_process(show)
        elif scheduler is not None:
            outcomes = request.on_cluster(scheduler, python, show)
        elif workers is not None:
            outcomes = request.on_this_machine(workers, python, show)
        else:
            outcomes = request.in_worker(python, show, terminal.note_log)
    answer = {"recipe": request.recipe.name, "model": request.model.entry.name, "cases": outcomes}
    terminal.answer(answer, lambda: _show(terminal, request.recipe.title, outcomes))
    _raise_if_failed(outcomes)


def _champion(dataset: Dataset, recipe: Recipe) -> str:
    from ..errors import MissingFileError
    from ..learning.training.champion import find_champion
    from ..models import ModelStore

    champion = find_champion(dataset.output, recipe.mask_type.name, ModelStore())
    if champion is None:
        raise MissingFileError(
            f"No model is the champion for {recipe.mask_type.name} masks of {dataset.root}.",
            "Train one and ship it: spine-gt-refine train, then ship.",
        )
    return champion.entry.name


def _require_one_way(options: dict[str, bool]) -> None:
    from ..errors import UsageError

    if len(given := [name for name, is_given in options.items() if is_given]) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other.", "Choose one of them.")


def _show_plans(terminal: Terminal, request: RecipeRequest, python: Path | None) -> None:
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
        raise PartialFailureError.of(failed, len(outcomes))
