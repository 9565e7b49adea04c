"""Python environments for work that must stay out of the program that asks for it.

They are made with ``uv``, which picks the PyTorch build for the machine's GPU by itself. Any existing Python that can
import what is needed serves as well; nothing is installed without being asked for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CancelledError, MissingDependencyError, UsageError, WorkerError
from ..resources import resource_path
from ..userfolders import user_data_folder
from .child import ChildProcess, ExitReport
from .environment import ISOLATED, clean_environment

FOLDER_VARIABLE = "SPINEGTREFINE_ENVIRONMENTS"
"""Environment variable that moves the environments to another folder."""

NO_BACKEND = "none"
"""Leaves the choice of PyTorch's build to the package index."""

CHECK_TIMEOUT_S = 300.0
"""Longest that a Python may take to import torch."""


@dataclass(frozen=True)
class EnvironmentKind:
    """What an environment is made of, from ``Resources/Environments/NAME.toml``.

    Parameters
    ----------
    name, title
        For commands and for people.
    python
        Version of Python.
    packages
        What is installed, with limits to the versions.
    imports
        Modules that must be there.
    program
        The command that it is made for; "" for one that is used as a Python.
    """

    name: str
    title: str
    python: str
    packages: tuple[str, ...]
    imports: tuple[str, ...]
    program: str = ""


@dataclass(frozen=True)
class EnvironmentReport:
    """What a Python can do.

    Parameters
    ----------
    interpreter
        The Python that was asked.
    python
        Its version.
    found
        Version of each module that it can import.
    missing
        Reason for each module that it cannot.
    gpu
        Name and memory of the GPU that its torch sees, or None.
    """

    interpreter: Path
    python: str
    found: dict[str, str]
    missing: dict[str, str]
    gpu: dict[str, Any] | None

    @property
    def usable(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def environment_kind(name: str) -> EnvironmentKind:
    """Return the kind of environment called ``name``.

    Raises
    ------
    UsageError
        There is none.
    """
    if name not in environment_names():
        known = ", ".join(environment_names())
        raise UsageError(f"There is no environment called {name!r}.", f"Choose one of: {known}.")
    table: dict[str, Any] = tomllib.loads(resource_path("Environments", f"{name}.toml").read_text(encoding="utf-8"))
    return EnvironmentKind(
        table["name"],
        table["title"],
        table["python"],
        tuple(table["packages"]),
        tuple(table["imports"]),
        table.get("program", ""),
    )


def environment_names() -> tuple[str, ...]:
    """Names of all kinds of environments, sorted."""
    return tuple(sorted(path.stem for path in resource_path("Environments").glob("*.toml")))


def environments_folder() -> Path:
    """Folder of the user's environments: ``$SPINEGTREFINE_ENVIRONMENTS``, else the data folder of the system."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    return Path(chosen).expanduser() if chosen else user_data_folder("environments")


def interpreter_of(environment: Path) -> Path:
    """Return the Python of an environment folder."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def installed_environments(folder: Path | None = None) -> dict[str, Path]:
    """Name and Python of each environment that was made here."""
    root = folder or environments_folder()
    found = {path.name: interpreter_of(path) for path in sorted(root.glob("*")) if not path.name.startswith(".")}
    return {name: python for name, python in found.items() if python.exists()}


def check_python(interpreter: Path, imports: Sequence[str], *, load: bool = True) -> EnvironmentReport:
    """Ask a Python what it can import and which GPU it sees.

    Parameters
    ----------
    interpreter
        The Python.
    imports
        Names of modules.
    load
        False only looks whether they are there, which takes a tenth of a second rather than several, and sees no GPU.

    Raises
    ------
    WorkerError
        It does not start, or does not answer in time.
    """
    probe = str(Path(__file__).with_name("probe.py"))
    command = [str(interpreter), *ISOLATED, probe, *([] if load else ["--find"]), *imports]
    try:
        answer = subprocess.run(
            command, env=clean_environment(), capture_output=True, timeout=CHECK_TIMEOUT_S, check=True
        )
        report = json.loads(answer.stdout.decode("utf-8", "replace").splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise WorkerError(
            f"{interpreter} does not work as a Python: {_reason(error)}.",
            "Choose the python executable of an environment, or create one with: spine-gt-refine env create models",
        ) from error
    return EnvironmentReport(interpreter, report["python"], report["found"], report["missing"], report["gpu"])


def find_uv() -> Path | None:
    """Return uv from PATH, or the one that was installed beside the environments, or None."""
    own = interpreter_of(environments_folder() / ".uv").with_name("uv.exe" if sys.platform == "win32" else "uv")
    found = shutil.which("uv", path=clean_environment().get("PATH"))
    return Path(found) if found else own if own.exists() else None


def create_environment(
    kind: EnvironmentKind,
    *,
    uv: Path | None = None,
    folder: Path | None = None,
    torch_backend: str = "auto",
    constraints: Path | None = None,
    on_log: Callable[[str], None] = lambda _line: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Make an environment and return its Python. A failed or cancelled attempt leaves nothing behind.

    Parameters
    ----------
    kind
        What goes into it.
    uv
        The program that makes it; None looks for it.
    folder
        Where the environments are; None for the user's.
    torch_backend
        ``auto`` for the machine's GPU, or one of uv's names (``cpu``, ``cu128`` ...); :data:`NO_BACKEND` to take
        PyTorch from where uv takes everything else (a mirror of one's own).
    constraints
        A constraints file for the versions.
    on_log
        Gets each line of the installer.
    is_cancelled
        Asked a few times a second.

    Raises
    ------
    MissingDependencyError
        There is no uv.
    UsageError
        The environment exists.
    WorkerError
        The installer failed; the cause is its last line.
    """
    uv = uv or find_uv()
    if uv is None:
        raise MissingDependencyError(
            "Environments are made with uv, which is not installed.",
            "Let it be installed (spine-gt-refine env create models --install-uv), or use a Python of your own.",
        )
    root = folder or environments_folder()
    target = root / kind.name
    if target.exists():
        raise UsageError(f"The environment {kind.name!r} exists.", f"Remove it first: env remove {kind.name}.")
    root.mkdir(parents=True, exist_ok=True)
    make: list[str | Path] = [uv, "venv", "--python", kind.python, target]
    fill: list[str | Path] = [uv, "pip", "install", "--python", interpreter_of(target)]
    fill += [] if torch_backend == NO_BACKEND else ["--torch-backend", torch_backend]
    limits: list[str | Path] = [] if constraints is None else ["--constraint", constraints]
    try:
        for step in (make, [*fill, *limits, *kind.packages]):
            _run(step, on_log, is_cancelled)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return interpreter_of(target)


def install_uv(*, on_log: Callable[[str], None] = lambda _line: None) -> Path:
    """Install uv beside the environments, with the Python that runs this, and return it. Only when the user asked."""
    target = environments_folder() / ".uv"
    _run([sys.executable, "-m", "venv", target], on_log, lambda: False)
    _run([interpreter_of(target), "-m", "pip", "install", "uv"], on_log, lambda: False)
    found = find_uv()
    if found is None:
        raise WorkerError("uv was installed but is not there.", "Install uv yourself and put it on PATH.")
    return found


def remove_environment(name: str, folder: Path | None = None) -> Path:
    """Delete an environment that was made here and return where it was."""
    target = (folder or environments_folder()) / name
    if name not in installed_environments(folder):
        raise UsageError(f"There is no environment called {name!r}.", "See: spine-gt-refine env list")
    shutil.rmtree(target)
    return target


def _run(command: Sequence[str | Path], on_log: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
    ends: list[ExitReport] = []
    child = ChildProcess(command, environment=clean_environment(), on_line=on_log, on_log=on_log, on_exit=ends.append)
    child.send("")
    while not child.join(0.2):
        if is_cancelled():
            child.kill()
            child.join(5.0)
            raise CancelledError("The installation was cancelled; nothing of it is left.")
    if ends[0].code != 0:
        last = next((line for line in reversed(ends[0].log) if line.strip()), "it wrote nothing")
        raise WorkerError(
            f"{Path(command[0]).name} failed: {last.strip()}", "Read its log, and check network and disk."
        )


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {error.returncode}"
    return str(error)
