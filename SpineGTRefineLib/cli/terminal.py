"""Where commands print: tables for people, one JSON document for programs, two lines for a failure."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ..errors import RefineError

UNEXPECTED_EXIT_CODE = 70
"""Exit code of a failure that has no class of its own, a defect of this program (``EX_SOFTWARE`` of sysexits.h)."""

LONGEST_NAME = 30
"""Names in the first column are kept on one line up to this length, also on a narrow terminal, to be copied."""


class Terminal:
    """What a command prints to; one for each run of the program.

    Results go to standard output, everything else (errors, progress) to standard error, so that a pipe gets results
    only. With ``--json`` standard output holds exactly one JSON document, also when the command fails.
    """

    def __init__(self) -> None:
        _never_fail_on_an_odd_character()
        # Names of subjects and files are data: they are never read as markup, emoji codes or links.
        self.out = Console(markup=False, emoji=False, highlight=False, soft_wrap=not sys.stdout.isatty())
        self.err = Console(markup=False, emoji=False, highlight=False, stderr=True, soft_wrap=True)
        self.json = False
        self.debug = False
        self._answered = False

    def answer(self, payload: Mapping[str, Any], show: Callable[[], None]) -> None:
        """Give the result of the command: ``payload`` as JSON, or ``show()`` for people."""
        if self.json:
            self._print_json(payload)
        else:
            show()

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line for people (nothing with ``--json``)."""
        if not self.json:
            self.out.print(Text(plain(text), style=style))

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table for people; names stand first. Columns whose name ends with ``#`` hold numbers."""
        table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=box.SIMPLE_HEAD)
        cells = [[plain("" if cell is None else str(cell)) for cell in row] for row in rows]
        names_fit = max((len(row[0]) for row in cells), default=0) <= LONGEST_NAME
        for number, name in enumerate(columns):
            justify: Literal["left", "right"] = "right" if name.endswith("#") else "left"
            whole = number == 0 and names_fit
            table.add_column(name.rstrip("# "), justify=justify, overflow="fold", no_wrap=whole)
        for row in cells:
            table.add_row(*row)
        self.out.print(table)

    def fail(self, error: BaseException) -> int:
        """Print one line of cause and one line of remedy, and return the exit code."""
        cause, remedy, code = _explained(error)
        self.note_traceback(error)
        self.err.print(Text.assemble(("Error: ", "bold red"), plain(cause)))
        if remedy:
            self.err.print(Text.assemble(("What to do: ", "bold"), plain(remedy)))
        if self.json and not self._answered:
            self._print_json({"error": as_error(error)})
        return code

    def note_traceback(self, error: BaseException) -> None:
        """With ``--debug``, print where in the program an error arose."""
        if self.debug:
            self.err.print(Text("".join(traceback.format_exception(error))))

    def note(self, text: str) -> None:
        """Print a line about the work beside its result, on standard error."""
        self.err.print(Text(plain(text)))

    def note_log(self, line: str) -> None:
        """With ``--debug``, print a line of the log of a program that works for this one."""
        if self.debug:
            self.err.print(Text(plain(line)))

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Callable[[str], None]]:
        """Show a progress bar on a terminal, nothing elsewhere; yields a function to call with a name per step."""
        with self.counter(title) as show:
            done = 0
            show(0, total, "")

            def step(name: str) -> None:
                nonlocal done
                done += 1
                show(done, total, name)

            yield step

    @contextmanager
    def counter(self, title: str) -> Iterator[Callable[[int, int, str], None]]:
        """Like :meth:`progress` for work that counts itself: yields a function of (number done, total, name)."""
        with self._bar() as bar:
            task = bar.add_task(title, total=None)

            def show(done: int, total: int, name: str) -> None:
                bar.update(task, completed=done, total=total, description=plain(f"{title}: {name}"))

            yield show

    @contextmanager
    def activity(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show that something is going on whose end is not known; yields a function to call with its latest word."""
        with self._bar() as bar:
            task = bar.add_task(title, total=None)
            yield lambda word: bar.update(task, description=plain(f"{title}: {word.strip()[:60]}"))

    def _bar(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        hidden = self.json or not self.err.is_terminal
        return Progress(*columns, console=self.err, transient=True, disable=hidden)

    def _print_json(self, payload: Mapping[str, Any]) -> None:
        self._answered = True
        sys.stdout.write(json.dumps(payload, indent=2, default=str) + "\n")


def terminal_of(ctx: typer.Context) -> Terminal:
    """Return the terminal of this run."""
    terminal = ctx.find_root().obj
    if not isinstance(terminal, Terminal):  # a command called without the program around it
        terminal = ctx.find_root().obj = Terminal()
    return terminal


def as_error(error: BaseException) -> dict[str, str | int]:
    """Return a failure as a JSON object: class, cause, remedy, exit_code."""
    cause, remedy, code = _explained(error)
    return {"class": type(error).__name__, "cause": cause, "remedy": remedy, "exit_code": code}


def plain(text: str) -> str:
    """Return ``text`` without characters that steer a terminal (a file name may hold an escape sequence)."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _explained(error: BaseException) -> tuple[str, str, int]:
    if isinstance(error, RefineError):
        return " ".join(error.cause.split()), " ".join(error.remedy.split()), error.exit_code
    cause = f"Unexpected failure, {type(error).__name__}: {' '.join(str(error).split())}"
    return cause, "Run the command again with --debug before its name, and report what it prints.", UNEXPECTED_EXIT_CODE


def _never_fail_on_an_odd_character() -> None:
    """Print a question mark where the terminal's encoding lacks a character, rather than stop (Windows code pages)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
