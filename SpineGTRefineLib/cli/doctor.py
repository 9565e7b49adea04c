"""``doctor``: say whether everything is here that the other commands need."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from .. import __version__
from ..errors import MissingDependencyError, RefineError
from ..userfolders import with_tilde
from .options import JsonOption
from .terminal import Terminal, terminal_of

REQUIRED = ("numpy", "scipy", "nibabel", "SimpleITK", "jinja2", "pillow", "rich", "typer")
OPTIONAL = {
    "slicer-core": "works on scenes of 3D Slicer without its window",
    "openvino": "computes models faster on a processor, in the Python that runs them (the extra cpu)",
    "bids-validator-deno": "checks datasets against the BIDS rules (the command bids-validator-deno)",
}
TOOLS = {
    "spineps": "runs the model SPINEPS; its output folders can be read without it",
    "totalspineseg": "runs the model TotalSpineSeg; its output folders can be read without it",
    "git-annex": "fetches the images of datasets that keep them elsewhere",
}
TRUSTED_WEIGHTS = "it runs code that weights may hold when it opens them; ours looks at each file first, and runs none"
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
    findings = tuple(_fit_to_be_shown(finding) for finding in _findings(folder))
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
    yield _main_memory()
    yield _graphics_card()
    yield from _model_pythons()
    yield from _user_folders()
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


def _main_memory() -> Finding:
    from ..process.memory import main_memory

    memory = main_memory()
    free = "" if memory.available is None else f", {memory.available / 1e9:.0f} GB free"
    return Finding("Memory", "ok", f"{memory.total / 1e9:.0f} GB{free}")


def _graphics_card() -> Finding:
    """Ask the driver, not PyTorch: a card that PyTorch does not use must be seen, too."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,memory.free", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except FileNotFoundError:
        return Finding("Graphics card", "note", "no NVIDIA driver", "Not needed: models run on the processor, slower.")
    except (OSError, subprocess.SubprocessError):
        return Finding("Graphics card", "note", "the NVIDIA driver does not answer", "Restart the computer.")
    cards = [line.split(", ") for line in answer.strip().splitlines()]
    return Finding("Graphics card", "ok", "; ".join(f"{c[0]}, driver {c[1]}, {c[2]}, {c[3]} free" for c in cards))


def _model_pythons() -> Iterator[Finding]:
    """Look at the Python that would run models, and at every environment that was made here."""
    from ..engine import find_python
    from ..process.environments import environment_kind, environment_names, installed_environments

    environments = installed_environments()
    for name, python in environments.items():
        yield _python(f"Environment {name}", python)
        if name in environment_names() and environment_kind(name).trusts_weights:
            yield Finding(f"Weights of {name}", "note", TRUSTED_WEIGHTS, "Install weights of its authors only.")
    try:
        chosen = find_python()
    except RefineError as error:
        yield Finding("Models run in", "note", error.cause, error.remedy)
        return
    if chosen not in environments.values():
        yield _python("Models run in", chosen)


def _python(what: str, python: Path) -> Finding:
    from ..engine.launch import ENVIRONMENT
    from ..process.environments import check_python, environment_kind

    try:
        report = check_python(python, environment_kind(ENVIRONMENT).imports, load=False)
    except RefineError as error:
        return Finding(what, "note", error.cause, error.remedy)
    versions = ", ".join(f"{name} {version}" for name, version in report.found.items())
    found = f"{python} (Python {report.python}, {versions})"
    if report.missing:
        return Finding(what, "note", f"{found}; lacks {', '.join(report.missing)}", "Make it again: env create models")
    return Finding(what, "ok", found, "To load it all and see its graphics card: spine-gt-refine env check")


def _user_folders() -> Iterator[Finding]:
    from ..models import models_folder
    from ..process.environments import environments_folder

    yield _disk("Models folder", models_folder())
    yield _disk("Environments folder", environments_folder())


def _disk(what: str, folder: Path) -> Finding:
    """Tell the free space where a folder is, or would be."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return Finding(what, "ok", f"{folder}: {shutil.disk_usage(there).free / 1e9:.0f} GB free")


def _fit_to_be_shown(finding: Finding) -> Finding:
    """Take the name of the user out: a report is copied into public places."""
    return replace(finding, found=with_tilde(finding.found), remedy=with_tilde(finding.remedy))


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
