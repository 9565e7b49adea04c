"""``version diff``: what changed between two versions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from .options import DatasetArgument, JsonOption, OutputOption, TsvOption
from .spreadsheet import write_tsv
from .terminal import terminal_of
from .version_options import FolderOption, NameArgument, open_version


def diff(
    ctx: typer.Context,
    dataset: DatasetArgument,
    before: NameArgument,
    after: Annotated[str, typer.Argument(metavar="VERSION", help="The version to compare with.")],
    tsv: TsvOption = None,
    versions: FolderOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Tell which cases came, went, moved or changed, and whether scores on the two versions compare."""
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.versions import difference

    opened = Dataset.open(dataset, output)
    found = difference(open_version(opened, versions, before), open_version(opened, versions, after))
    rows = [(change.case, change.what, change.before, change.after) for change in found.changes]
    columns = ("Case", "What", "Before", "After")
    if tsv is not None:
        write_tsv(tsv, columns, rows)

    def tell() -> None:
        if rows:
            terminal.table(f"From {before} to {after}", columns, rows)
        else:
            terminal.say(f"{before} and {after} hold the same.")
        same = "the same: scores compare" if found.same_test_set else "not the same: scores do not compare"
        terminal.say(f"The test sets are {same}.", "green" if found.same_test_set else "yellow")

    changes = [asdict(change) for change in found.changes]
    terminal.answer({"same_test_set": found.same_test_set, "changes": changes}, tell)
