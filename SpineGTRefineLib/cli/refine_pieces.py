"""``refine largest-component``, ``remove-small``, ``fill-holes``: clean the structures of masks."""

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

NeighboursOption = Annotated[
    int,
    typer.Option(
        "--connectivity", help="Voxels belong together if they share a face (6), an edge (18), a corner (26)."
    ),
]


def largest_component(
    ctx: typer.Context,
    files: FilesArgument,
    connectivity: NeighboursOption = 26,
    keep_mm3: Annotated[
        float | None, typer.Option("--keep-mm3", help="Other pieces at least this large (in mm³) stay, too.")
    ] = None,
    only: OnlyOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Keep the largest connected piece of every structure."""
    del json
    from .. import refine

    ChangeRequest("largest-component", files, output, overwrite, scheme).run(
        ctx, lambda mask: refine.largest_component(mask, connectivity=connectivity, keep_mm3=keep_mm3, only=only)
    )


def remove_small(
    ctx: typer.Context,
    files: FilesArgument,
    minimum_mm3: Annotated[float, typer.Option("--minimum-mm3", help="Smaller pieces (in mm³) are removed.")],
    connectivity: NeighboursOption = 26,
    also_largest: Annotated[
        bool, typer.Option("--also-largest", help="Remove a structure altogether if its largest piece is too small.")
    ] = False,
    only: OnlyOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Remove small pieces of every structure; its largest piece stays."""
    del json
    from .. import refine

    ChangeRequest("remove-small", files, output, overwrite, scheme).run(
        ctx,
        lambda mask: refine.remove_small(
            mask, minimum_mm3, connectivity=connectivity, keep_largest=not also_largest, only=only
        ),
    )


def fill_holes(
    ctx: typer.Context,
    files: FilesArgument,
    only: OnlyOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Fill background that a structure encloses on all sides. Other structures are never overwritten."""
    del json
    from .. import refine

    ChangeRequest("fill-holes", files, output, overwrite, scheme).run(
        ctx, lambda mask: refine.fill_holes(mask, only=only)
    )
