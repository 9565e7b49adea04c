"""``version adopt``: folders of images and masks as a new BIDS dataset."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, existing_folder
from .terminal import terminal_of


def adopt(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Holds nii/SubX_t2.nii and mask/SubX_t2_seg.nii.")],
    target: Annotated[Path, typer.Argument(metavar="DATASET", help="The new dataset; must not exist.")],
    mask: Annotated[str, typer.Option("--mask", metavar="KIND", help="Which mask it is.")] = "cord",
    json: JsonOption = False,
) -> None:
    """Copy folders of images and masks (data_mask/nii, data_mask/mask) into a new BIDS dataset.

    Images are copied byte by byte. What cannot be used is told, and stays out.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import mask_type
    from ..learning.seeds import adopt_pairs

    keys, defects = adopt_pairs(existing_folder(folder, "folder"), target, mask_type(mask))

    def tell() -> None:
        terminal.say(f"{len(keys)} images with masks were copied to {target}.")
        if defects:
            terminal.table("What is wrong", ("Entry", "What"), [(each.where, each.message) for each in defects])

    terminal.answer({"cases": keys, "defects": [asdict(each) for each in defects]}, tell)
