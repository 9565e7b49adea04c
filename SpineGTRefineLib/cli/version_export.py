"""``version export``: write a version for nnU-Net."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .export_options import (
    ChannelOption,
    DilateOption,
    EndsOption,
    MarginOption,
    OrientationOption,
    PartialOption,
    PartsOption,
    SliceAxisOption,
    ZeroBelowOption,
    known_partial,
    preparation_of,
)
from .options import DatasetArgument, JsonOption, OutputOption
from .terminal import terminal_of
from .version_options import FolderOption, NameArgument, open_version


def export(
    ctx: typer.Context,
    dataset: DatasetArgument,
    version: NameArgument,
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="nnU-Net's folder of raw datasets (nnUNet_raw).")],
    number: Annotated[int, typer.Option("--number", metavar="N", help="Number of the dataset, 1 to 999.")] = 501,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name of the dataset. Default: mask and version.")
    ] = None,
    channel: ChannelOption = None,
    orientation: OrientationOption = "RAS",
    partial: PartialOption = "unfinished",
    parts: PartsOption = "whole",
    slice_axis: SliceAxisOption = "S",
    margin: MarginOption = 12.0,
    ends: EndsOption = None,
    zero_below: ZeroBelowOption = "",
    dilate: DilateOption = 0.0,
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

    preparation = preparation_of(parts, slice_axis, margin, ends, zero_below, dilate)
    opened = Dataset.open(dataset, output)
    chosen = open_version(opened, versions, version)
    settings = ExportSettings(
        number,
        name or "".join(c for c in f"{chosen.mask_type.name}{chosen.name}" if c.isalnum()),
        tuple(channel or ()),
        orientation,
        known_partial(partial),
        preparation,
    )
    with terminal.counter("Writing") as show:
        folder = export_version(chosen, to, settings, progress=show)
    record = ExportRecord.read(folder)
    answer = {"folder": str(folder), "labels": record.numbers.by_name, "cases": len(record.cases)}
    terminal.answer(answer, lambda: terminal.say(f"{len(record.cases)} cases were written to {folder}."))
