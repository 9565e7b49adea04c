"""``version import``: bring what nnU-Net predicted back to its cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import PartialFailureError
from .options import DatasetArgument, JsonOption, OutputOption, existing_folder
from .terminal import as_error, terminal_of


def import_masks(
    ctx: typer.Context,
    dataset: DatasetArgument,
    exported: Annotated[
        Path, typer.Argument(metavar="EXPORTED", help="What `version export` wrote (DatasetNNN_Name).")
    ],
    masks: Annotated[Path, typer.Argument(metavar="MASKS", help="The folder that nnU-Net predicted into.")],
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="What made the masks; stored with them.")
    ] = "nnU-Net",
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Save label maps that nnU-Net wrote as proposals of their cases: old values, on the image's own grid.

    A mask that a person had a say in stays; the new one is then kept beside it, as a proposal.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.exchange import ExportRecord, save_back

    opened = Dataset.open(dataset, output)
    record = ExportRecord.read(existing_folder(exported, "exported dataset"))
    with terminal.counter("Saving") as show:
        results = save_back(opened, record, existing_folder(masks, "folder of masks"), model=model, progress=show)
    rows = [
        (result.case, result.saved.path.name if result.saved else result.error.cause if result.error else "")
        for result in results
    ]
    answer = [
        {
            "case": result.case,
            "path": str(result.saved.path) if result.saved else None,
            "error": as_error(result.error) if result.error else None,
        }
        for result in results
    ]
    terminal.answer({"masks": answer}, lambda: terminal.table("Masks", ("Case", "Saved as, or why not"), rows))
    failed = [result.case for result in results if result.error]
    if failed:
        raise PartialFailureError.of(failed, len(results))
