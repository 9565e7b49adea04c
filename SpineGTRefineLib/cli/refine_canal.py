"""``refine fill-canal``, ``subtract-canal``, ``cord-inside-canal``: bring canal, cord and bone into agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .mask_files import (
    ChangeRequest,
    FilesArgument,
    JsonOption,
    OutputOption,
    OverwriteOption,
    SchemeOption,
    read_mask,
)

CanalOption = Annotated[Path, typer.Option("--canal", metavar="FILE", help="Mask of the whole spinal canal.")]


def fill_canal(
    ctx: typer.Context,
    files: FilesArgument,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Fill holes and dents of the canal, slice by slice. Vertebrae and discs are never overwritten."""
    del json
    from .. import refine

    ChangeRequest("fill-canal", files, output, overwrite, scheme).run(ctx, refine.fill_canal)


def subtract_canal(
    ctx: typer.Context,
    files: FilesArgument,
    canal: CanalOption,
    speck_mm3: Annotated[
        float, typer.Option("--speck-mm3", help="Remove smaller pieces (in mm³) of what was cut. 0 keeps all.")
    ] = 0.0,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Take the canal away from vertebrae, discs and sacrum."""
    del json
    from .. import refine

    whole = read_mask(canal, "canal")
    ChangeRequest("subtract-canal", files, output, overwrite, scheme, {"canal": whole}).run(
        ctx, lambda mask: refine.subtract_canal(mask, whole, speck_mm3=speck_mm3)
    )


def cord_inside_canal(
    ctx: typer.Context,
    files: FilesArgument,
    canal: CanalOption,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Take away what of a cord mask lies outside the canal, where the canal was drawn."""
    del json
    from .. import refine

    whole = read_mask(canal, "canal")
    ChangeRequest("cord-inside-canal", files, output, overwrite, "cord", {"canal": whole}).run(
        ctx, lambda mask: refine.cord_inside_canal(mask, whole)
    )
