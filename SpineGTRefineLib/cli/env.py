"""``env``: Python environments for models, made and removed by this program, or any other Python checked for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..userfolders import with_tilde
from .options import JsonOption, PythonOption
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..process.environments import EnvironmentReport

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the environment, as in the list.")]


@app.callback()
def _environments() -> None:
    """Python environments that run models, apart from the one that runs this program or 3D Slicer."""


@app.command("list")
def list_environments(ctx: typer.Context, json: JsonOption = False) -> None:
    """Show the environments that were made here."""
    del json
    terminal = terminal_of(ctx)
    from ..process.environments import environments_folder, installed_environments

    found = installed_environments()
    folder = with_tilde(environments_folder())
    pythons = {name: with_tilde(python) for name, python in found.items()}

    def show() -> None:
        terminal.table(f"Environments (kept in {folder})", ("Name", "Python"), pythons.items())
        if not found:
            terminal.say("There is none yet. Make one with: spine-gt-refine env create models")

    terminal.answer({"folder": folder, "environments": pythons}, show)


@app.command("create")
def create(
    ctx: typer.Context,
    name: NameArgument = "models",
    install_uv: Annotated[
        bool, typer.Option("--install-uv", help="Install uv, which makes the environment, if it is not there.")
    ] = False,
    torch_backend: Annotated[
        str,
        typer.Option(
            "--torch-backend",
            metavar="NAME",
            help="auto (for this machine's GPU), cpu, cu128 ...; none: as your package index has it.",
        ),
    ] = "auto",
    constraints: Annotated[
        Path | None, typer.Option("--constraints", metavar="FILE", help="A pip constraints file for the versions.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make an environment: models (PyTorch and nnU-Net), or that of a tool: spineps, totalspineseg, totalsegmentator.

    This downloads several hundred megabytes to a few gigabytes. Weights do not come with it.

    An attempt that fails or is stopped with Ctrl+C leaves nothing behind.
    """
    del json
    terminal = terminal_of(ctx)
    from ..process import environment_making as making
    from ..process.environments import check_python, environment_kind
    from .options import existing_file

    kind = environment_kind(name)
    limits = None if constraints is None else existing_file(constraints, "constraints file")
    with terminal.activity(f"Making {kind.title}") as tell:
        if install_uv and making.find_uv() is None:
            making.install_uv(on_log=tell)
        python = making.create_environment(kind, torch_backend=torch_backend, constraints=limits, on_log=tell)
        tell("checking it")
        report = check_python(python, kind.imports)
    _answer(terminal, report, kind.name)


@app.command("remove")
def remove(ctx: typer.Context, name: NameArgument, json: JsonOption = False) -> None:
    """Delete an environment that was made here."""
    del json
    terminal = terminal_of(ctx)
    from ..process.environment_making import remove_environment

    remove_environment(name)
    terminal.answer({"removed": name}, lambda: terminal.say(f"The environment {name} was removed."))


@app.command("check")
def check(ctx: typer.Context, python: PythonOption = None, json: JsonOption = False) -> None:
    """Load PyTorch and nnU-Net in the Python that would run models, and say what it finds."""
    del json
    terminal = terminal_of(ctx)
    from ..engine import find_python
    from ..engine.launch import ENVIRONMENT
    from ..process.environments import check_python, environment_kind

    _answer(terminal, check_python(find_python(python), environment_kind(ENVIRONMENT).imports), ENVIRONMENT)


def _answer(terminal: Terminal, report: EnvironmentReport, name: str) -> None:
    from ..errors import MissingDependencyError

    interpreter = with_tilde(report.interpreter)
    answer = {
        "interpreter": interpreter,
        "python": report.python,
        "found": report.found,
        "missing": report.missing,
        "gpu": report.gpu,
        "usable": report.usable,
    }
    gpu = report.gpu["name"] if report.gpu else "none that PyTorch sees; models run on the processor, slower"
    rows = [("Python", report.python), *report.found.items(), *report.missing.items(), ("graphics card", gpu)]
    terminal.answer(answer, lambda: terminal.table(interpreter, ("What", "Found"), rows))
    if not report.usable:
        raise MissingDependencyError(
            f"{interpreter} is not complete: {', '.join(report.missing)} cannot be imported.",
            f"Remove the environment and make it again: spine-gt-refine env remove {name}, then env create {name}",
        )
