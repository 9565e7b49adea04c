"""``refine sacrum-from-ct``: the sacrum of MR images from a CT of the same person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .carried import MethodOption, answer, drawing
from .options import DatasetArgument, JsonOption, OutputOption
from .terminal import terminal_of


def sacrum_from_ct(
    ctx: typer.Context,
    dataset: DatasetArgument,
    segmentations: Annotated[
        Path, typer.Option("--segmentations", metavar="FOLDER", help="What TotalSegmentator wrote for each CT.")
    ],
    version: Annotated[
        str,
        typer.Option("--totalsegmentator", metavar="VERSION", help="v1 (sacrum 92) or v2 (25); auto if unmistakable."),
    ] = "auto",
    case: Annotated[
        list[str] | None, typer.Option("--case", metavar="NAME", help="Only this MR image; may be repeated.")
    ] = None,
    ct: Annotated[
        str, typer.Option("--ct", metavar="IMAGE", help="Which CT, where a person has several: acq-bone_CT.")
    ] = "CT",
    method: MethodOption = "auto",
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Give every MR image the sacrum that TotalSegmentator found on a CT of the same person.

    The CT lies in the dataset, named sub-…_CT.nii.gz. Results are proposals, with a picture of each.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..recipes.carrier import Carrier
    from ..recipes.sacrum_from_ct import sacrum_from_ct as carry_all

    opened = Dataset.open(dataset, output)
    with terminal.counter("Carrying") as counted:
        carrier = Carrier(opened, method, counted, on_carried=drawing(opened, "sacrum-from-ct"))
        outcome = carry_all(carrier, segmentations, version=version, cases=case or (), ct=ct)
    answer(terminal, opened, outcome, "Sacrum from CT")
