"""``refine expand``, ``shrink``, ``smooth``: move the surface of structures by millimetres."""

from __future__ import annotations

from typing import Annotated

import typer

from .mask_files import (
    ChangeRequest,
    FilesArgument,
    JsonOption,
    OnlyOption,
    OutputOption,
    OverwriteOption,
    SchemeOption,
)


def expand(
    ctx: typer.Context,
    files: FilesArgument,
    mm: Annotated[float, typer.Option("--mm", help="Distance in mm.")],
    only: OnlyOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Grow structures into the background; they never overlap, and the nearest one wins.

    At exactly equal distance the structure with the lowest number wins.
    """
    del json
    from .. import refine

    ChangeRequest("expand", files, output, overwrite, scheme).run(ctx, lambda mask: refine.expand(mask, mm, only=only))


def shrink(
    ctx: typer.Context,
    files: FilesArgument,
    mm: Annotated[float, typer.Option("--mm", help="Distance in mm.")],
    only: OnlyOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Peel structures, also where two of them touch."""
    del json
    from .. import refine

    ChangeRequest("shrink", files, output, overwrite, scheme).run(ctx, lambda mask: refine.shrink(mask, mm, only=only))


def smooth(
    ctx: typer.Context,
    files: FilesArgument,
    sigma_mm: Annotated[float, typer.Option("--sigma-mm", help="Standard deviation of the Gaussian in mm.")],
    only: OnlyOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Smooth the surface toward the background; borders between structures do not move."""
    del json
    from .. import refine

    ChangeRequest("smooth", files, output, overwrite, scheme).run(
        ctx, lambda mask: refine.smooth(mask, sigma_mm, only=only)
    )
