"""Which Python runs the worker, and with which command."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from ..errors import MissingDependencyError
from ..process import module_command
from ..process.environments import check_python, environment_kind, installed_environments

PYTHON_VARIABLE = "SPINEGTREFINE_PYTHON"
"""Environment variable that names the Python which runs models."""

ENVIRONMENT = "models"
"""The kind of environment that the worker needs."""

_OTHER_PYTHON = (
    "Install them there, name another Python, or let an environment be made: spine-gt-refine env create models"
)
_MAKE_ANEW = "Make the environment again: spine-gt-refine env remove models, then spine-gt-refine env create models"


def worker_command(python: str | Path, handler: str = "") -> list[str]:
    """Return the command that starts the worker of this library in another Python.

    ``handler`` names the class that does the jobs, as ``module:class`` of the library; "" for recipes.
    """
    return module_command(python, "engine.bootstrap", *([handler] if handler else []))


def find_python(asked: str | Path | None = None) -> Path:
    """Choose the Python that runs models.

    It is the first of: the one ``asked`` for, the one that ``$SPINEGTREFINE_PYTHON`` names, the environment that ``env
    create models`` made, the Python that runs this. One of the first three that lacks something is refused, not passed
    over: nobody would know why another one runs.

    Raises
    ------
    MissingDependencyError
        The chosen one lacks a package, or there is none that has all.
    WorkerError
        The chosen one is no Python.
    """
    if named := asked or os.environ.get(PYTHON_VARIABLE):
        return _checked(Path(named).expanduser(), _OTHER_PYTHON)
    made = installed_environments().get(ENVIRONMENT)
    if made is not None:
        return _checked(made, _MAKE_ANEW)
    own = _this_python()
    if own is not None and _can_run_models():
        return own
    raise MissingDependencyError(
        "Models need PyTorch and nnU-Net, and there is no Python here that has them.",
        "Let one be made (spine-gt-refine env create models), or name a Python that has them (--python PATH).",
    )


def _checked(python: Path, remedy: str) -> Path:
    report = check_python(python, environment_kind(ENVIRONMENT).imports, load=False)
    if report.missing:
        raise MissingDependencyError(f"{python} cannot run models: it lacks {', '.join(report.missing)}.", remedy)
    return python


def _this_python() -> Path | None:
    """Return the Python that runs this; inside Slicer, whose own program is no Python, the one beside it."""
    if Path(sys.executable).stem.lower().startswith("python"):
        return Path(sys.executable)
    slicer = shutil.which("PythonSlicer")
    return Path(slicer) if slicer else None


def _can_run_models() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in environment_kind(ENVIRONMENT).imports)
