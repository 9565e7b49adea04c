"""``version export``: write a version for nnU-Net."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .options import DatasetArgument, JsonOption, OutputOption
from .terminal import terminal_of
from .version_options import FolderOption, NameArgument, open_version

PARTIAL = ("unfinished", "always", "never")


def export(
    ctx: typer.Context,
    dataset: DatasetArgument,
    version: NameArgument,
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="nnU-Net's folder of raw datasets (nnUNet_raw).")],
    number: Annotated[int, typer.Option("--number", metavar="N", help="Number of the dataset, 1 to 999.")] = 501,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name of the dataset. Default: mask and version.")
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="CONTRAST",
            help="Contrasts that are the input together, first the one with the masks; repeat. Default: one image.",
        ),
    ] = None,
    orientation: Annotated[
        str, typer.Option("--orientation", metavar="LETTERS", help="Turn all images to this orientation.")
    ] = "RAS",
    partial: Annotated[
        str,
        typer.Option(
            "--verified-only",
            metavar="WHEN",
            help="For which masks only verified slices and structures count, the rest being ignored in training: "
            "unfinished (not accepted as a whole), always, never.",
        ),
    ] = "unfinished",
    parts: Annotated[
        str,
        typer.Option(
            "--parts",
            metavar="WHICH",
            help="What of each image is written: whole; slices (each labeled slice is a case of its own); mask (a box "
            "around the mask); cord (the resampled box around the cord that the recipe lumbosacral predicts in).",
        ),
    ] = "whole",
    slice_axis: Annotated[
        str, typer.Option("--slice-axis", metavar="LETTER", help="Direction across slices: R, A or S.")
    ] = "S",
    margin: Annotated[float, typer.Option("--margin", metavar="MM", help="Kept around the mask.")] = 12.0,
    ends: Annotated[
        Path | None,
        typer.Option(
            "--ends",
            metavar="FILE",
            help="Cut poor slices off: a table (tabs) with the columns case, first, last, counted from 0, both kept.",
        ),
    ] = None,
    zero_below: Annotated[
        str, typer.Option("--zero-below", metavar="STRUCTURE", help="Remove labels below this structure, for training.")
    ] = "",
    dilate: Annotated[
        float, typer.Option("--dilate", metavar="MM", help="Thicken thin structures by this much, for training.")
    ] = 0.0,
    versions: FolderOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Write a version as a raw dataset of nnU-Net, with its folds and a record of the way back.

    Labels become 1, 2, 3, ... for the whole dataset at once; the record keeps the inverse, and the place of every
    part that was cut out: `version import` puts it back. No file of the dataset is changed. An export that was stopped
    goes on; a dataset that is not whole has no name.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.exchange import ExportRecord, ExportSettings, export_version
    from ..learning.preparation import PARTS, Preparation, read_ends

    when = next((word for word in PARTIAL if word == partial), None)
    if when is None:
        raise UsageError(f"--verified-only {partial!r} is not known.", f"Choose one of: {', '.join(PARTIAL)}.")
    opened = Dataset.open(dataset, output)
    which = next((word for word in PARTS if word == parts), None)
    if which is None:
        raise UsageError(f"--parts {parts!r} is not known.", f"Choose one of: {', '.join(PARTS)}.")
    cut = read_ends(ends) if ends else {}
    preparation = Preparation(which, slice_axis, margin_mm=margin, ends=cut, zero_below=zero_below, dilate_mm=dilate)
    chosen = open_version(opened, versions, version)
    settings = ExportSettings(
        number,
        name or "".join(c for c in f"{chosen.mask_type.name}{chosen.name}" if c.isalnum()),
        tuple(channel or ()),
        orientation,
        when,  # type: ignore[arg-type]
        preparation,
    )
    with terminal.counter("Writing") as show:
        folder = export_version(chosen, to, settings, progress=show)
    record = ExportRecord.read(folder)
    answer = {"folder": str(folder), "labels": record.numbers.by_name, "cases": len(record.cases)}
    terminal.answer(answer, lambda: terminal.say(f"{len(record.cases)} cases were written to {folder}."))
