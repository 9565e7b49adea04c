"""``version show``: what a version holds, and whether it is still what it was."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DatasetArgument, JsonOption, OutputOption
from .terminal import terminal_of
from .version_build import as_dict, show_version
from .version_options import FolderOption, open_version, versions_of


def show(
    ctx: typer.Context,
    dataset: DatasetArgument,
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="The version, such as D1. Default: list all.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Also compare every image and mask with its hash.")] = False,
    versions: FolderOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """List the versions of a dataset, or show the cases of one."""
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.versions import version_names

    opened = Dataset.open(dataset, output)
    if version is None:
        found = [open_version(opened, versions, name) for name in version_names(versions_of(opened, versions))]
        rows = [
            (
                each.name,
                each.mask_type.name,
                len(each.cases("train")),
                len(each.cases("test")),
                len(each.left_out),
                (each.manifest["Parent"] or {}).get("Name", ""),
                each.manifest["Created"][:10],
            )
            for each in found
        ]
        columns = ("Version", "Mask", "Train #", "Test #", "Left out #", "After", "Made")
        terminal.answer(
            {"versions": [as_dict(each) for each in found]}, lambda: terminal.table("Dataset versions", columns, rows)
        )
        return
    chosen = open_version(opened, versions, version)
    if check:
        with terminal.progress("Comparing", len(chosen.rows)) as step:
            chosen.verify(step)

    def tell() -> None:
        cells = [
            (row.case, row.split, "" if row.fold < 0 else row.fold, row.status, row.grade or "", row.rater)
            for row in chosen.rows
        ]
        terminal.table(f"Cases of {chosen.name}", ("Case", "Split", "Fold #", "Status", "Grade #", "Rater"), cells)
        show_version(terminal, chosen)
        if check:
            terminal.say("All images and masks are what they were.", "green")

    terminal.answer({**as_dict(chosen), "verified": check}, tell)
