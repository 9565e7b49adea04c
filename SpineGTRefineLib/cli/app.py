"""The program ``spine-gt-refine``: its commands, its global options, and what a failure looks like."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..errors import CancelledError
from . import (
    check,
    compare,
    consensus,
    convert,
    demo,
    doctor,
    env,
    evaluate,
    finetune,
    history,
    index,
    models,
    propagate,
    publish,
    rank,
    raters,
    refine,
    review,
    run,
    ship,
    tools,
    train,
    version,
)
from .terminal import Terminal, terminal_of

PROGRAM = "spine-gt-refine"

START, REPAIR, LEARN, TOOLS = "Start here", "Repair a dataset, in this order", "Learn from it", "Tools"


class _InOrder(TyperGroup):
    """Shows the commands in the order of the work, not in the order in which they were added."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return [name for name in ORDER if name in self.commands]

    def invoke(self, ctx: Any) -> Any:
        """Run a command; Ctrl+C ends it with a word, not in silence."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise CancelledError(
                "Stopped.", "No file is half-written. Run the same command again to go on, or to begin anew."
            ) from stop


ORDER = (
    "demo",
    "doctor",
    "index",
    "run",
    "refine",
    "propagate",
    "check",
    "review",
    "raters",
    "history",
    "publish",
    "version",
    "train",
    "finetune",
    "ship",
    "evaluate",
    "compare",
    "consensus",
    "rank",
    "convert",
    "models",
    "tools",
    "env",
)

app = typer.Typer(
    name=PROGRAM,
    cls=_InOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("demo", rich_help_panel=START)(demo.demo)
app.command("doctor", rich_help_panel=START)(doctor.doctor)
app.command("index", rich_help_panel=REPAIR)(index.index)
app.command("run", rich_help_panel=REPAIR)(run.run)
app.add_typer(refine.app, name="refine", rich_help_panel=REPAIR)
app.command("propagate", rich_help_panel=REPAIR)(propagate.propagate)
app.command("check", rich_help_panel=REPAIR)(check.check)
app.command("review", rich_help_panel=REPAIR)(review.review)
app.command("raters", rich_help_panel=REPAIR)(raters.raters)
app.add_typer(history.app, name="history", rich_help_panel=REPAIR)
app.command("publish", rich_help_panel=REPAIR)(publish.publish)
app.add_typer(version.app, name="version", rich_help_panel=LEARN)
app.command("train", rich_help_panel=LEARN)(train.train)
app.command("finetune", rich_help_panel=LEARN)(finetune.finetune)
app.command("ship", rich_help_panel=LEARN)(ship.ship)
app.command("rank", rich_help_panel=LEARN)(rank.rank)
app.command("evaluate", rich_help_panel=LEARN)(evaluate.evaluate)
app.command("compare", rich_help_panel=LEARN)(compare.compare)
app.command("consensus", rich_help_panel=LEARN)(consensus.consensus)
app.command("convert", rich_help_panel=TOOLS)(convert.convert)
app.add_typer(models.app, name="models", rich_help_panel=TOOLS)
app.add_typer(tools.app, name="tools", rich_help_panel=TOOLS)
app.add_typer(env.app, name="env", rich_help_panel=TOOLS)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="When something fails, also print where in the program (for reports).")
    ] = False,
) -> None:
    """Repair the ground-truth masks of spine MRI datasets.

    New here? Run **spine-gt-refine demo**: it makes a small artificial dataset, repairs and checks it, and shows the
    result as one web page. Your own images and masks are never overwritten.
    """
    del version  # handled before this function runs
    terminal_of(ctx).debug = debug


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and end the process with its exit code.

    Parameters
    ----------
    arguments
        The words after the program's name; by default those of this process.
    """
    terminal = Terminal()
    try:
        app(args=None if arguments is None else list(arguments), prog_name=PROGRAM, obj=terminal)
    except Exception as error:
        sys.exit(terminal.fail(error))
