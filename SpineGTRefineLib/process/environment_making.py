"""Make and remove environments, with ``uv``: it picks the PyTorch build for the machine's GPU by itself.

Nothing is installed without being asked for.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import CancelledError, MissingDependencyError, UsageError, WorkerError
from .child import run_to_end
from .environment import clean_environment
from .environments import EnvironmentKind, environments_folder, interpreter_of

NO_BACKEND = "none"
"""Leaves the choice of PyTorch's build to the package index."""


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
    if _is_environment(target):
        remedy = f"Remove it first: spine-gt-refine env remove {kind.name}"
        raise UsageError(f"The environment {kind.name!r} exists.", remedy)
    if target.exists():
        raise UsageError(f"{target} is in the way of the environment {kind.name!r}.", "Move it, or delete it.")
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
    """Delete an environment that was made here, also one that was only half made, and return where it was."""
    root = folder or environments_folder()
    target = root / name
    if name.startswith(".") or target.parent != root or not _is_environment(target):
        raise UsageError(f"There is no environment called {name!r}.", "See: spine-gt-refine env list")
    shutil.rmtree(target)
    return target


def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file()


def _run(command: Sequence[str | Path], on_log: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
    def stop_if_cancelled() -> None:
        if is_cancelled():
            raise CancelledError("The installation was cancelled; nothing of it is left.")

    end = run_to_end(
        command, environment=clean_environment(), on_line=on_log, on_log=on_log, meanwhile=stop_if_cancelled
    )
    if end.code != 0:
        last = next((line for line in reversed(end.log) if line.strip()), "it wrote nothing")
        raise WorkerError(
            f"{Path(command[0]).name} failed: {last.strip()}", "Read its log, and check network and disk."
        )
