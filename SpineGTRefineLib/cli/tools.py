"""``tools``: SPINEPS, TotalSpineSeg and TotalSegmentator, each in an environment of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from ..userfolders import with_tilde
from .options import JsonOption, existing_file
from .terminal import terminal_of

if TYPE_CHECKING:
    from ..models.tools.job import ToolJob
    from ..models.tools.program import ToolProgram
    from ..models.tools.result import ToolResult

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


@dataclass(frozen=True)
class _Wish:
    """What is asked of one run."""

    weights: str
    labeling: bool
    localizer: Path | None
    iso: bool
    contrast: str


@app.callback()
def _tools() -> None:
    """Run tools of others on one image, in environments made by **env create**.

    For whole datasets see **run --recipe spine_tools** and **refine sacrum-from-ct**.
    """


@app.command("list")
def list_tools(ctx: typer.Context, json: JsonOption = False) -> None:
    """Show which tools are installed here."""
    del json
    terminal = terminal_of(ctx)
    from ..errors import MissingDependencyError
    from ..models.tools.program import find_tool, tool_names

    rows: list[tuple[str, str, str]] = []
    for name in tool_names():
        try:
            tool = find_tool(name)
            rows.append((name, tool.version, with_tilde(tool.python)))
        except MissingDependencyError as error:
            rows.append((name, "not installed", error.remedy))
    answer = {"tools": [dict(zip(("name", "version", "where"), row, strict=True)) for row in rows]}
    terminal.answer(answer, lambda: terminal.table("Tools", ("Name", "Version", "Where"), rows))


@app.command("run")
def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="spineps, totalspineseg or totalsegmentator.")],
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="One .nii.gz or .nii file.")],
    output: Annotated[Path, typer.Option("--output", metavar="FOLDER", help="Gets the masks and the log.")],
    weights: Annotated[
        str,
        typer.Option("--weights", metavar="NAME", help="SPINEPS: semantic model. TotalSpineSeg: release (r20251124)."),
    ] = "",
    contrast: Annotated[str, typer.Option("--contrast", metavar="NAME", help="Of the image, for SPINEPS.")] = "T2w",
    labeling: Annotated[bool, typer.Option(help="SPINEPS: name the vertebrae, too.")] = True,
    localizer: Annotated[
        Path | None,
        typer.Option("--loc", metavar="FILE", help="TotalSpineSeg: a spine mask that says which level is which."),
    ] = None,
    iso: Annotated[bool, typer.Option("--iso", help="TotalSpineSeg: leave the masks on its own grid of 1 mm.")] = False,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what an earlier run left in FOLDER.")] = False,
    json: JsonOption = False,
) -> None:
    """Run a tool on one image. Its weights must be installed; nothing is downloaded. Ctrl+C ends all of it."""
    del json
    terminal = terminal_of(ctx)
    from ..models.tools.job import ToolJob

    image = existing_file(image, "image")
    if output.resolve() == image.resolve().parent:
        raise UsageError(
            f"{output} is the folder of the image, and what tools write is called like the image.",
            "Name another folder with --output.",
        )
    if localizer is not None:
        existing_file(localizer, "localizer")
    tool = _tool(name)
    start = _runner(tool, _Wish(weights, labeling, localizer, iso, contrast))
    job = ToolJob(tool, image, output / f".work-{name}-{image.name}", device=device)
    log = output / f"{job.stem}_{name}.log"
    if log.exists() and not overwrite:
        raise UsageError(
            f"{log} exists already: {name} has been run here on an image of this name.",
            "Choose another folder with --output, or add --overwrite to replace what that run left.",
        )
    with terminal.activity(name) as tell:
        result = start(replace(job, progress=lambda _part, text: tell(text)))
    copies = _take_over(job, result, log, overwrite=overwrite)
    answer = {"files": {what: str(path) for what, path in copies.items()}, "generator": dict(result.generator)}
    terminal.answer(answer, lambda: terminal.table(name, ("What", "File"), list(answer["files"].items())))


def _tool(name: str) -> ToolProgram:
    from ..models.tools.program import find_tool, tool_names

    if name not in tool_names():
        raise UsageError(f"There is no tool called {name!r}.", f"Choose one of: {', '.join(tool_names())}.")
    return find_tool(name)


def _runner(tool: ToolProgram, wish: _Wish) -> Callable[[ToolJob], ToolResult]:
    """Return what runs a tool; weights that are missing are told before it starts."""
    from ..models import ModelStore
    from ..models.tools import spineps, totalsegmentator, totalspineseg
    from ..recipes.model_choice import find_model
    from ..recipes.tool_weights import spineps_weights, totalspineseg_weights

    find: Any = partial(find_model, ModelStore())
    if tool.name == spineps.NAME:
        models = spineps_weights(find, wish.weights, wish.contrast, labeling=wish.labeling)
        return partial(spineps.run_spineps, weights=models)
    if tool.name == totalspineseg.NAME:
        models = totalspineseg_weights(find, wish.weights)
        return partial(totalspineseg.run_totalspineseg, weights=models, localizer=wish.localizer, iso=wish.iso)
    return totalsegmentator.run_totalsegmentator


def _take_over(job: ToolJob, result: ToolResult, log: Path, *, overwrite: bool) -> dict[str, Path]:
    """Move a tool's outputs and its log beside ``log`` and out of the work folder, which goes."""
    copies = {what: log.with_name(path.name) for what, path in result.files.items()}
    taken = [copy for copy in copies.values() if copy.exists()]
    if taken and not overwrite:
        raise UsageError(
            f"{taken[0]} exists already and was not replaced.",
            f"What {job.tool.title} made is in {job.folder}. Move it, or run this again with --overwrite.",
        )
    for what, path in result.files.items():
        path.replace(copies[what])
    result.log.replace(log)
    shutil.rmtree(job.folder)
    return {**copies, "log": log}
