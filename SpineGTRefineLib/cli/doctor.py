"""``doctor``: say whether everything is here that the other commands need."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from .. import __version__
from ..errors import MissingDependencyError, RefineError
from .options import JsonOption
from .terminal import Terminal, terminal_of

REQUIRED = ("numpy", "scipy", "nibabel", "SimpleITK", "jinja2", "pillow", "rich", "typer")
OPTIONAL = {
    "slicer-core": "works on scenes of 3D Slicer without its window",
    "bids-validator-deno": "checks datasets against the BIDS rules (the command bids-validator-deno)",
}
TOOLS = {
    "spineps": "runs the model SPINEPS; its output folders can be read without it",
    "totalspineseg": "runs the model TotalSpineSeg; its output folders can be read without it",
    "git-annex": "fetches the images of datasets that keep them elsewhere",
}
LEAST_FREE_GB = 1.0

Status = Literal["ok", "note", "problem"]
MARKS: dict[Status, str] = {"ok": "ok", "note": "note", "problem": "PROBLEM"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    status: Status
    found: str
    remedy: str = ""


def doctor(
    ctx: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="FOLDER", help="Also test whether results can be saved in this folder."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check this installation: what is there, what is missing, what to do about it.

    Looks only at this computer; nothing is downloaded or changed. "note" marks what some commands can use but none
    needs.
    """
    del json
    terminal = terminal_of(ctx)
    findings = tuple(_findings(folder))
    payload = {"version": __version__, "findings": [asdict(finding) for finding in findings]}
    terminal.answer(payload, lambda: _show(terminal, findings))
    problems = [finding for finding in findings if finding.status == "problem"]
    if problems:
        raise MissingDependencyError(
            f"{len(problems)} problem(s): {', '.join(finding.what for finding in problems)}.", problems[0].remedy
        )


def _show(terminal: Terminal, findings: tuple[Finding, ...]) -> None:
    rows = [(MARKS[f.status], f.what, f.found, f.remedy) for f in findings]
    terminal.table(f"SpineGTRefine {__version__}", ("", "What", "Found", "What to do"), rows)
    if not any(finding.status == "problem" for finding in findings):
        terminal.say("Everything that is needed is here.", "green")


def _findings(folder: Path | None) -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Finding("Processors", "ok", str(os.cpu_count()))
    for name in REQUIRED:
        yield _package(name, "problem", f"Reinstall spine-gt-refine: {name} is missing.")
    for name, purpose in OPTIONAL.items():
        yield _package(name, "note", f"Optional; {purpose}.")
    yield _tested("Label schemes", _label_schemes)
    for name, purpose in TOOLS.items():
        yield _tool(name, purpose)
    yield _graphics_card()
    yield _saving("Temporary folder", Path(tempfile.gettempdir()))
    if folder is not None:
        yield _saving("Folder for results", folder)


def _package(name: str, absent: Status, remedy: str) -> Finding:
    try:
        return Finding(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, absent, "not installed", remedy)


def _tested(what: str, test: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", test())
    except RefineError as error:
        return Finding(what, "problem", error.cause, error.remedy)


def _label_schemes() -> str:
    from ..anatomy import scheme, scheme_names

    return f"{len([scheme(name) for name in scheme_names()])} readable"


def _tool(name: str, purpose: str) -> Finding:
    path = shutil.which(name)
    if path:
        return Finding(name, "ok", path)
    return Finding(name, "note", "not installed", f"Optional; {purpose}.")


def _graphics_card() -> Finding:
    if shutil.which("nvidia-smi"):
        return Finding("Graphics card", "ok", "NVIDIA driver present")
    return Finding("Graphics card", "note", "no NVIDIA driver", "Not needed: models run on the processor, slower.")


def _saving(what: str, folder: Path) -> Finding:
    """Try to save a small file; a folder on a network may refuse although its permissions look right."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".spine-gt-refine-"):
            free_gb = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return Finding(what, "problem", f"{folder}: {error.strerror}", "Choose a folder that you can write to.")
    if free_gb < LEAST_FREE_GB:
        return Finding(what, "problem", f"{folder}: {free_gb:.1f} GB free", "Free some disk space.")
    return Finding(what, "ok", f"{folder}: {free_gb:.0f} GB free")
