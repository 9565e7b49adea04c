"""``propagate``: carry a mask to the other images of its session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .carried import MethodOption, answer, drawing
from .options import JsonOption, MaskOption, OutputOption
from .terminal import terminal_of


def propagate(
    ctx: typer.Context,
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A BIDS dataset, or one subject's folder.")],
    mask: MaskOption,
    source: Annotated[
        str, typer.Option("--from", metavar="IMAGES", help="The images that have the mask: T2w, or acq-sag_T2w.")
    ],
    target: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="IMAGES", help="Which images get it; default: those without. May be repeated."),
    ] = None,
    method: MethodOption = "auto",
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Carry a mask to the other images of the same session.

    The patient may have moved between two images; then a rigid registration finds by how much, and numbers say whether
    to believe it. Look at the picture of each. Results are proposals: a mask that is there stays, and gets one beside
    it.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset, mask_type
    from ..recipes.carrier import Carrier
    from ..recipes.propagation import propagate as carry_all
    from ..recipes.propagation import ways

    opened, kind = Dataset.open(dataset, output), mask_type(mask)
    chosen = ways(opened, kind, source, target or ())
    with terminal.counter("Carrying") as counted:
        draw = drawing(opened, f"propagate-{kind.name}")
        outcome = carry_all(Carrier(opened, method, counted, on_carried=draw), kind, chosen)
    answer(terminal, opened, outcome, f"{kind.name} from {source}")
