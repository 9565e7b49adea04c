"""Where a tool is on this machine, and how it runs: one process group, one log, progress, cancel, one line of error."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import CancelledError, MissingDependencyError, ToolError, WriteError
from ...fileops import remedy_for
from ...process import clean_environment, run_to_end
from ...process.environments import check_python, environment_kind, environment_names, installed_environments

Progress = Callable[[float, str], None]
"""Gets the part that is done (0 to 1, a guess) and what is going on."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TELLING = re.compile(r"\b(?:\w*(?:Error|Exception)|error|failed|killed|not segmented)\b")
_LAST_LINES = 60


@dataclass(frozen=True)
class ToolProgram:
    """A tool on this machine.

    Parameters
    ----------
    name, title
        ``spineps`` ..., and its name for people.
    python
        The Python of its environment.
    version
        Of the tool, as a text.
    """

    name: str
    title: str
    python: Path
    version: str

    @property
    def path(self) -> Path:
        """The program: it lies beside its Python."""
        suffix = ".exe" if sys.platform == "win32" else ""
        return self.python.with_name(environment_kind(self.name).program + suffix)

    @property
    def release(self) -> tuple[int, ...]:
        """The leading numbers of the version, to compare."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:3])


def tool_names() -> tuple[str, ...]:
    """Names of all tools that can be run."""
    return tuple(name for name in environment_names() if environment_kind(name).program)


def find_tool(name: str) -> ToolProgram:
    """Find a tool: in the environment that ``$SPINEGTREFINE_NAME`` names by its Python, else in the one made here.

    Raises
    ------
    MissingDependencyError
        It is in neither, or its environment is not complete.
    """
    kind, variable = environment_kind(name), f"SPINEGTREFINE_{name.upper()}"
    chosen = os.environ.get(variable)
    python = Path(chosen).expanduser() if chosen else installed_environments().get(name)
    remedy = f"Let it be made (spine-gt-refine env create {name}), or name the Python of your own in ${variable}."
    if python is None:
        raise MissingDependencyError(f"{kind.title} is not installed here.", remedy)
    report = check_python(python, [name], load=False)
    tool = ToolProgram(name, kind.title, python, report.found.get(name, ""))
    if report.missing or not tool.path.exists():
        raise MissingDependencyError(f"{python} has no {kind.title}.", remedy)
    return tool


def run_tool(
    tool: ToolProgram,
    arguments: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    stages: Sequence[str] = (),
    progress: Progress | None = None,
    cancel: Callable[[], bool] = lambda: False,
) -> None:
    """Run a tool to its end.

    Parameters
    ----------
    tool, arguments
        What to run.
    log
        Gets everything that it writes, and the command; replaced.
    environment
        Variables for it, beside the user's own.
    stages
        Lines that it writes on its way, in order: each that is seen counts as one more part of the work.
    progress, cancel
        Told and asked a few times a second.

    Raises
    ------
    ToolError
        It failed; the cause is one line, the remedy names the log.
    CancelledError
        ``cancel`` returned True; nothing of it is running any more.
    WriteError
        The log cannot be written.
    """
    command = [str(tool.path), *map(str, arguments)]
    with _Log(log, " ".join(command)) as written:
        steps = _Stages(stages, progress)

        def on_line(colored: str) -> None:
            line = _ANSI.sub("", colored)
            written.add(line)
            steps.see(line)

        def meanwhile() -> None:
            if cancel():
                raise CancelledError(f"{tool.title} was stopped.")
            steps.tell()

        guarded: list[str | Path] = [tool.python, "-I", _GUARD, *command]
        environment = clean_environment(extra=environment)
        end = run_to_end(guarded, environment=environment, on_line=on_line, on_log=on_line, meanwhile=meanwhile)
    if end.code != 0:
        raise ToolError(f"{tool.title} failed: {written.telling_line(end.code)}", f"Its log says more: {log}")


def few_processes(count: int) -> dict[str, str]:
    """Return variables that keep nnU-Net from starting a dozen processes for one image, each loading PyTorch."""
    return {"nnUNet_def_n_proc": str(count), "nnUNet_n_proc_DA": str(count)}


_GUARD = Path(__file__).parents[2] / "process" / "guard.py"


class _Log:
    """The log file, and the last lines of it."""

    def __init__(self, path: Path, command: str) -> None:
        self._path, self._lines = path, [f"$ {command}"]
        self._lock = threading.Lock()

    def __enter__(self) -> _Log:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._path.open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise WriteError(f"{self._path} could not be written: {error.strerror}.", remedy_for(error)) from error
        self._stream.write(self._lines[0] + "\n")
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stream.close()

    def add(self, line: str) -> None:
        """Write one line; both output streams of the tool end up here, from two threads."""
        with self._lock:
            if self._stream.closed:
                return  # a grandchild that outlived the tool still writes
            self._stream.write(line + "\n")
            self._lines = [*self._lines[-_LAST_LINES:], line]

    def telling_line(self, code: int) -> str:
        """Return the line that says why it failed: the last that names an error, else the last one at all."""
        lines = [line.strip() for line in self._lines[1:] if line.strip()]
        telling = [line for line in lines if _TELLING.search(line)]
        return (telling or lines or [f"exit status {code}, without a word"])[-1][:300]


class _Stages:
    """Turns what a tool writes into a part that is done."""

    def __init__(self, stages: Sequence[str], progress: Progress | None) -> None:
        self._stages, self._progress = stages, progress
        self._done, self._text, self._told = 0, "starting", ""

    def see(self, line: str) -> None:
        for number in range(self._done, len(self._stages)):
            if self._stages[number] in line:
                self._done, self._text = number + 1, line.strip(" -:")

    def tell(self) -> None:
        """Report from the thread that waits, so that nobody is called from two threads."""
        if self._progress is not None and self._text != self._told:
            self._told = self._text
            self._progress(self._done / (len(self._stages) + 1), self._text)
