"""``tools``: SPINEPS, TotalSpineSeg and TotalSegmentator, each in an environment of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from ..userfolders import with_tilde
from .options import JsonOption, existing_file
from .terminal import terminal_of

if TYPE_CHECKING:
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
    json: JsonOption = False,
) -> None:
    """Run a tool on one image. Its weights must be installed; nothing is downloaded. Ctrl+C ends all of it."""
    del json
    terminal = terminal_of(ctx)
    image = existing_file(image, "image")
    if output.resolve() == image.resolve().parent:
        raise UsageError(
            f"{output} is the folder of the image, and what tools write is called like the image.",
            "Name another folder with --output.",
        )
    if localizer is not None:
        existing_file(localizer, "localizer")
    start = _runner(name, _Wish(weights, labeling, localizer, iso, contrast))
    with terminal.activity(name) as tell:
        result = start(image, output / ".work", device=device, progress=lambda _part, text: tell(text))
    copies = _take_over(result, output, name)
    answer = {"files": {what: str(path) for what, path in copies.items()}, "generator": dict(result.generator)}
    terminal.answer(answer, lambda: terminal.table(name, ("What", "File"), list(answer["files"].items())))


def _runner(name: str, wish: _Wish) -> Callable[..., ToolResult]:
    """Return what runs a tool; everything that can be missing is looked for first."""
    from ..models import ModelStore
    from ..models.tools import spineps, totalsegmentator, totalspineseg
    from ..models.tools.program import find_tool, tool_names
    from ..recipes.model_choice import find_model
    from ..recipes.tool_weights import spineps_weights, totalspineseg_weights

    if name not in tool_names():
        raise UsageError(f"There is no tool called {name!r}.", f"Choose one of: {', '.join(tool_names())}.")
    find: Any = partial(find_model, ModelStore())
    tool = find_tool(name)
    if name == spineps.NAME:
        models = spineps_weights(find, wish.weights, wish.contrast, labeling=wish.labeling)
        return partial(spineps.run_spineps, weights=models, tool=tool)
    if name == totalspineseg.NAME:
        models = totalspineseg_weights(find, wish.weights)
        return partial(
            totalspineseg.run_totalspineseg, weights=models, tool=tool, localizer=wish.localizer, iso=wish.iso
        )
    return partial(totalsegmentator.run_totalsegmentator, tool=tool)


def _take_over(result: ToolResult, output: Path, name: str) -> dict[str, Path]:
    """Move a tool's outputs and its log out of the work folder, which goes."""
    copies = {what: output / path.name for what, path in result.files.items()}
    for what, path in result.files.items():
        shutil.copyfile(path, copies[what])
    copies["log"] = output / f"{name}.log"
    shutil.move(result.log, copies["log"])
    shutil.rmtree(output / ".work")
    return copies
