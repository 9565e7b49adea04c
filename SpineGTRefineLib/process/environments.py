"""Python environments for work that must stay out of the program that asks for it: their kinds, and what they can do.

Those that were made here (:mod:`.environment_making`) lie in one folder; any other Python that can import what is
needed serves as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError, WorkerError
from ..resources import resource_path
from ..userfolders import user_data_folder
from .environment import ISOLATED, clean_environment

FOLDER_VARIABLE = "SPINEGTREFINE_ENVIRONMENTS"
"""Environment variable that moves the environments to another folder."""

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
    trusts_weights
        Whether that program opens weights in a way that runs code which they hold (pickle). Ours never does, and looks
        at every checkpoint before the program gets it.
    """

    name: str
    title: str
    python: str
    packages: tuple[str, ...]
    imports: tuple[str, ...]
    program: str = ""
    trusts_weights: bool = False


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
        table.get("trusts_weights", False),
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


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {error.returncode}"
    return str(error)
