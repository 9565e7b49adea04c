"""``refine shift-levels``, ``swap-levels``, ``transfer-labels``, ``merge-endplates``: which structure is which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .mask_files import (
    ChangeRequest,
    FilesArgument,
    JsonOption,
    OutputOption,
    OverwriteOption,
    Remarked,
    SchemeOption,
    read_mask,
)

if TYPE_CHECKING:
    from ..imaging import LabelMap


def shift_levels(
    ctx: typer.Context,
    files: FilesArgument,
    first: Annotated[str, typer.Option("--from", metavar="STRUCTURE", help="First vertebra, such as vertebra_T5.")],
    by: Annotated[int, typer.Option("--by", help="1: T5 becomes T6. -1: T5 becomes T4.")],
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Rename a vertebra and everything below it by one level; discs follow."""
    del json
    from .. import refine

    ChangeRequest("shift-levels", files, output, overwrite, scheme).run(
        ctx, lambda mask: refine.shift_levels(mask, first, by)
    )


def swap_levels(
    ctx: typer.Context,
    files: FilesArgument,
    one: Annotated[str, typer.Option("--one", metavar="STRUCTURE", help="A structure, such as vertebra_T5.")],
    other: Annotated[str, typer.Option("--other", metavar="STRUCTURE", help="The one to exchange it with.")],
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Exchange the labels of two vertebrae, or of two discs."""
    del json
    from .. import refine
    from ..anatomy import structure

    def swapped(mask: LabelMap) -> Remarked:
        missing = [key for key in (one, other) if mask.scheme.value_of(key) not in mask.values()]
        remarks = [f"There was no {structure(key).name}." for key in missing]
        return Remarked(refine.swap_levels(mask, one, other), remarks)

    ChangeRequest("swap-levels", files, output, overwrite, scheme).run(ctx, swapped)


def transfer_labels(
    ctx: typer.Context,
    files: FilesArgument,
    names: Annotated[Path, typer.Option("--names", metavar="FILE", help="Mask with the labels that are wanted.")],
    names_scheme: Annotated[
        str, typer.Option("--names-scheme", metavar="SCHEME", help="Its label scheme. Default as for --scheme.")
    ] = "",
    minimum_dice: Annotated[float, typer.Option("--minimum-dice", help="Less agreement gives no name.")] = 0.1,
    halves: Annotated[
        bool, typer.Option("--halves", help="Several shapes may get one name (two halves of a vertebra).")
    ] = False,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Keep the shapes of a mask and give each the label that it overlaps best in another mask."""
    del json
    from .. import refine

    wanted = read_mask(names, names_scheme)

    def transferred(mask: LabelMap) -> Remarked:
        result = refine.transfer_labels(mask, wanted, minimum_dice=minimum_dice, one_to_one=not halves)
        nameless = [str(shape.value) for shape in result.named if shape.key is None]
        remarks = [f"Left out, as no name fits: {', '.join(nameless)}."] if nameless else []
        return Remarked(result.labels, remarks)

    ChangeRequest("transfer-labels", files, output, overwrite, scheme, {"map of names": wanted}).run(ctx, transferred)


def merge_endplates(
    ctx: typer.Context,
    files: FilesArgument,
    reach_mm: Annotated[float, typer.Option("--mm", help="Endplates further from any vertebra stay.")] = 4.0,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "spineps_vert",
    json: JsonOption = False,
) -> None:
    """Give the endplates of a SPINEPS mask to the vertebra that they touch."""
    del json
    from .. import refine

    ChangeRequest("merge-endplates", files, output, overwrite, scheme).run(
        ctx, lambda mask: refine.merge_endplates(mask, reach_mm)
    )
