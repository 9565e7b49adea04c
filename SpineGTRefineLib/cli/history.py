"""``history``: earlier versions of masks, and how to get one back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .options import DatasetArgument, JsonOption, MaskOption, OutputOption, RaterOption, require_cases
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids.history import Version

SHOWN_DIGITS = 12
"""Digits of a hash in the table: enough to name a version."""

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def _history() -> None:
    """Earlier versions of masks: list them, and bring one back. No mask that was saved is ever lost."""


@app.command("list")
def list_versions(
    ctx: typer.Context,
    dataset: DatasetArgument,
    case: Annotated[
        str | None, typer.Argument(metavar="[CASE]", help="A case, such as sub-01_T2w. Default: all of them.")
    ] = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """List the masks that were replaced, oldest first."""
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..bids.history import versions

    opened = Dataset.open(dataset, output)
    require_cases(opened)
    cases = [opened.case(case)] if case is not None else opened.cases()
    found = [version for each in cases for version in versions(opened.output, each.key)]
    terminal.answer({"versions": [asdict(version) for version in found]}, lambda: _show(terminal, found))


@app.command("restore")
def restore_version(
    ctx: typer.Context,
    dataset: DatasetArgument,
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case, such as sub-01_T2w.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The version's first digits, from: history list.")],
    mask: MaskOption = "spine",
    rater: RaterOption = "",
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Bring an earlier mask back. The present one goes to the history, so this can be undone, too."""
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset, mask_type
    from ..bids.history import find_version, restore

    opened = Dataset.open(dataset, output)
    chosen, kind = opened.case(case), mask_type(mask)
    found = find_version(opened.output, chosen.key, kind.name, version)
    path = restore(opened, chosen, kind, found.sha256, rater=rater)
    payload = {"case": chosen.key, "mask": kind.name, "restored": found.sha256, "file": str(path)}
    terminal.answer(payload, lambda: terminal.say(f"Restored {path}"))


def _show(terminal: Terminal, versions: list[Version]) -> None:
    if not versions:
        terminal.say("No mask was replaced so far.")
        return
    rows = [
        (v.case, v.mask_type, v.sha256[:SHOWN_DIGITS], _short(v.replaced_at), v.replaced_by, v.reason) for v in versions
    ]
    terminal.table("Replaced masks", ("Case", "Mask", "Version", "Replaced at (UTC)", "By", "Through"), rows)


def _short(time: str) -> str:
    """Return a time stamp without fractions of a second, as people read it."""
    return time[:19].replace("T", " ")
