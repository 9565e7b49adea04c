"""``refine spinal-levels``, ``zero-below``: work with nerve rootlets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

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
    from ..refine.rootlets import Gaps


def spinal_levels(
    ctx: typer.Context,
    files: FilesArgument,
    cord: Annotated[Path, typer.Option("--cord", metavar="FILE", help="Mask of the spinal cord.")],
    reach_mm: Annotated[float, typer.Option("--mm", help="Rootlets this near to the cord enter it.")] = 1.5,
    gaps: Annotated[
        str, typer.Option("--gaps", help="Cord between two levels: leave it, share it at the middle, or give it below.")
    ] = "leave",
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Color the cord by spinal level, from masks of nerve rootlets."""
    del json
    from .. import refine

    whole = read_mask(cord, "cord")

    def colored(mask: LabelMap) -> Remarked:
        result = refine.spinal_levels(mask, whole, reach_mm=reach_mm, gaps=cast("Gaps", gaps))
        return Remarked(result.labels, result.remarks)

    ChangeRequest("spinal-levels", files, output, overwrite, "rootlets", {"cord": whole}).run(ctx, colored)


def zero_below(
    ctx: typer.Context,
    files: FilesArgument,
    structure: Annotated[
        str, typer.Option("--structure", metavar="STRUCTURE", help="The last one that stays, such as spinal_level_T1.")
    ],
    landmarks: Annotated[
        Path | None, typer.Option("--landmarks", metavar="FILE", help="Mask that holds it, if not the mask itself.")
    ] = None,
    landmarks_scheme: Annotated[
        str, typer.Option("--landmarks-scheme", metavar="SCHEME", help="Its label scheme. Default as for --scheme.")
    ] = "",
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "",
    json: JsonOption = False,
) -> None:
    """Remove everything below a structure: what a model takes for rootlets where it never learnt any."""
    del json
    from .. import refine

    where = read_mask(landmarks, landmarks_scheme) if landmarks is not None else None
    ChangeRequest("zero-below", files, output, overwrite, scheme).run(
        ctx, lambda mask: refine.zero_below(mask, structure, where)
    )
