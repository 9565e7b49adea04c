"""``refine compose``, ``decompose``: spine, sacrum, canal and cord in one mask, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import LabelError, UsageError
from .mask_files import JsonOption, OverwriteOption, SchemeOption, read_mask
from .terminal import terminal_of


def _layer(flag: str, what: str) -> Any:
    return typer.Option(flag, metavar="FILE", help=what)


def compose(
    ctx: typer.Context,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where to save the one mask.")],
    spine: Annotated[Path | None, _layer("--spine", "Vertebrae and discs; the lowest layer.")] = None,
    sacrum: Annotated[Path | None, _layer("--sacrum", "Sacrum.")] = None,
    canal: Annotated[Path | None, _layer("--canal", "Whole spinal canal, cord included.")] = None,
    cord: Annotated[Path | None, _layer("--cord", "Spinal cord; lies over all others.")] = None,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Lay masks over each other into one, with TotalSpineSeg's numbers."""
    del json
    from .. import refine
    from ..imaging import write_labels

    given = {"spine": spine, "sacrum": sacrum, "canal": canal, "cord": cord}
    masks = {name: read_mask(file, name) for name, file in given.items() if file is not None}
    _refuse_existing(output, overwrite=overwrite)
    composed = refine.compose(masks)
    payload = {"output": str(output), "sha256": write_labels(output, composed), "from": list(masks)}
    terminal = terminal_of(ctx)
    terminal.answer(payload, lambda: terminal.say(f"Saved {output}"))


def decompose(
    ctx: typer.Context,
    mask: Annotated[Path, typer.Argument(metavar="FILE", help="A mask with all structures.")],
    output: Annotated[Path, typer.Option("--output", metavar="FOLDER", help="Where to save the parts.")],
    overwrite: OverwriteOption = False,
    scheme: SchemeOption = "spine",
    json: JsonOption = False,
) -> None:
    """Take one mask apart into spine, sacrum, canal (cord included) and cord."""
    del json
    from .. import refine
    from ..imaging import write_labels

    parts = refine.decompose(read_mask(mask, scheme))
    if not parts:
        raise LabelError(f"{mask} is empty: there is nothing to take apart.", "Choose another mask.")
    targets = {name: output / f"{name}.nii.gz" for name in parts}
    for target in targets.values():
        _refuse_existing(target, overwrite=overwrite)
    output.mkdir(parents=True, exist_ok=True)
    saved = {name: {"output": str(targets[name]), "sha256": write_labels(targets[name], parts[name])} for name in parts}
    terminal = terminal_of(ctx)
    terminal.answer({"parts": saved}, lambda: terminal.say(f"Saved {', '.join(map(str, targets.values()))}"))


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists already.", "Choose another place with --output, or add --overwrite.")
