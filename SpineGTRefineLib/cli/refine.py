"""``refine``: make better masks, from what models said or step by step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import (
    refine_canal,
    refine_layers,
    refine_levels,
    refine_pieces,
    refine_recompose,
    refine_rootlets,
    refine_sacrum,
    refine_surface,
)
from .options import JsonOption
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..recipes.folder_outcome import CaseOutcome, FolderOutcome

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def _refine() -> None:
    """Make better masks: whole cases from what models said, or one step on any masks."""


@app.command("spine")
def spine(
    ctx: typer.Context,
    spineps: Annotated[Path, typer.Option("--spineps", metavar="FOLDER", help="What SPINEPS wrote.")],
    canal: Annotated[Path, typer.Option("--canal", metavar="FOLDER", help="Masks of the whole spinal canal.")],
    totalspineseg: Annotated[
        Path | None,
        typer.Option(
            "--totalspineseg",
            metavar="FOLDER",
            help="What TotalSpineSeg wrote. Without it the levels are counted from the landmarks that SPINEPS shows.",
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="FOLDER", help="The MRI: a BIDS dataset, or a folder of images. Recommended."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FOLDER", help="Where to save. Default: derivatives/spine-gt-refine of the dataset."
        ),
    ] = None,
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            help="anatomical: keep the order of the spine, lose nothing silently. "
            "compatible: exactly what the script spineps_refine.py did.",
        ),
    ] = "anatomical",
    case: Annotated[
        list[str] | None, typer.Option("--case", metavar="CASE", help="Only this case or subject; may be repeated.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Join the shapes of SPINEPS with the levels of TotalSpineSeg, and take the canal away.

    SPINEPS draws vertebrae and discs well but may not know which is which; TotalSpineSeg knows the levels. Each case
    gets one new mask with a line for every decision; nothing disappears without one. Without TotalSpineSeg the levels
    are counted, and each doubt about them is told. A case that fails is named with the reason, and the others go on. A
    mask that a person has edited is never replaced: the new one comes beside it.
    """
    del json
    terminal = terminal_of(ctx)
    from ..recipes.spine_from_outputs import refine_spine_folders

    with terminal.counter("Refining") as counted:
        outcome = refine_spine_folders(
            spineps, totalspineseg, canal, images, output, policy, cases=case or (), progress=counted
        )
    terminal.answer(outcome.as_dict(), lambda: _show(terminal, outcome))
    outcome.raise_if_failed()


app.command("sacrum-from-ct")(refine_sacrum.sacrum_from_ct)

_STEPS: dict[str, tuple[Callable[..., None], ...]] = {
    "Steps: clean structures": (
        refine_pieces.largest_component,
        refine_pieces.remove_small,
        refine_pieces.fill_holes,
    ),
    "Steps: move surfaces": (refine_surface.expand, refine_surface.shrink, refine_surface.smooth),
    "Steps: canal and cord": (
        refine_canal.fill_canal,
        refine_canal.subtract_canal,
        refine_canal.cord_inside_canal,
    ),
    "Steps: which is which": (
        refine_levels.shift_levels,
        refine_levels.swap_levels,
        refine_levels.transfer_labels,
        refine_levels.merge_endplates,
    ),
    "Steps: rootlets": (refine_rootlets.spinal_levels, refine_rootlets.zero_below),
    "Steps: one mask from many": (refine_layers.compose, refine_layers.decompose, refine_recompose.recompose),
}

for _panel, _commands in _STEPS.items():
    for _command in _commands:
        app.command(_command.__name__.replace("_", "-"), rich_help_panel=_panel)(_command)


def _show(terminal: Terminal, outcome: FolderOutcome) -> None:
    rows = [(case.key, _actions(case), " ".join(case.notes), f"{case.seconds:.1f}") for case in outcome.succeeded]
    if rows:
        terminal.table("Refined", ("Case", "Decisions", "Notes", "Seconds #"), rows)
        places = sorted({str(case.saved.path.parent) for case in outcome.succeeded if case.saved})
        more = f" and {len(places) - 1} more folder{'s' * (len(places) > 2)}" if len(places) > 1 else ""
        terminal.say(f"Saved in {places[0]}{more}")
        reports = next((case.report.parent for case in outcome.succeeded if case.report), None)
        if reports is not None:
            terminal.say(f"Every decision, one line each: {reports}")
    failed = [(case.key, case.error.cause, case.error.remedy) for case in outcome.failed if case.error]
    if failed:
        terminal.table(f"{len(failed)} failed", ("Case", "Why", "What to do"), failed)


def _actions(case: CaseOutcome) -> str:
    return ", ".join(f"{count} {action}" for action, count in case.actions)
