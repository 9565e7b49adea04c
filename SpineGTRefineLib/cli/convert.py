"""``convert``: express a mask in another label scheme, and say what that loses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import LabelError, UsageError
from .options import JsonOption, existing_file
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..anatomy import LossReport
    from ..imaging import LabelMap

REPORT_COLUMNS = ("Structure", "What happens", "Voxels #")


def convert(
    ctx: typer.Context,
    mask: Annotated[Path | None, typer.Argument(metavar="MASK", help="The mask to convert (.nii.gz or .nii).")] = None,
    source: Annotated[str, typer.Option("--from", metavar="SCHEME", help="The label scheme of the mask.")] = "",
    target: Annotated[str, typer.Option("--to", metavar="SCHEME", help="The label scheme wanted.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where to save. Without it, only the report.")
    ] = None,
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Save although some structures have no number in the new scheme.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it exists already.")] = False,
    list_schemes: Annotated[bool, typer.Option("--list", help="Show the names of all label schemes and stop.")] = False,
    json: JsonOption = False,
) -> None:
    """Express a mask in another label scheme (which number means which vertebra).

    Models number the same vertebra differently. This rewrites the numbers, keeps their meaning, and tells you which
    structures the new scheme cannot express. MASK itself is never changed.
    """
    del json
    terminal = terminal_of(ctx)
    if list_schemes:
        _show_schemes(terminal)
        return
    if mask is None or not source or not target:
        raise UsageError(
            "convert needs a mask and two label schemes.",
            "For example: spine-gt-refine convert mask.nii.gz --from spineps_vert --to spine --output new.nii.gz",
        )
    _convert(terminal, mask, source, target, output, allow_loss=allow_loss, overwrite=overwrite)


def _convert(
    terminal: Terminal, mask: Path, source: str, target: str, output: Path | None, *, allow_loss: bool, overwrite: bool
) -> None:
    from ..anatomy import scheme
    from ..imaging import read_labels, write_labels

    source_scheme, target_scheme = scheme(source), scheme(target)
    labels = read_labels(existing_file(mask, "mask"), source_scheme)
    if output is not None:
        _refuse_target(mask, output, overwrite=overwrite)
    converted, loss = labels.converted(target_scheme)
    payload = _payload(mask, labels, converted, loss)
    if output is not None and (loss.lossless or allow_loss):
        payload |= {"output": str(output), "sha256": write_labels(output, converted)}
    terminal.answer(payload, lambda: _show(terminal, payload, loss))
    if output is not None and "output" not in payload:
        raise LabelError(
            f"{mask.name} was not converted: {_lost(loss)} would be lost in the scheme {target!r}.",
            "Choose another scheme, or add --allow-loss to save what can be expressed.",
        )


def _refuse_target(mask: Path, output: Path, *, overwrite: bool) -> None:
    if not output.exists():
        return
    if output.samefile(mask):
        raise UsageError(f"{output} is the mask itself, which is never changed.", "Choose another name with --output.")
    if not overwrite:
        raise UsageError(f"{output} exists already.", "Choose another name, or add --overwrite to replace it.")


def _payload(mask: Path, labels: LabelMap, converted: LabelMap, loss: LossReport) -> dict[str, Any]:
    return {
        "mask": str(mask),
        "from": labels.scheme.name,
        "to": converted.scheme.name,
        "lossless": loss.lossless,
        "dropped": loss.dropped,
        "merged": {key: list(keys) for key, keys in loss.merged.items()},
        "voxels": {str(value): count for value, count in converted.counts().items()},
    }


def _show(terminal: Terminal, payload: dict[str, Any], loss: LossReport) -> None:
    rows: list[tuple[str, str, object]] = [(key, "has no number: lost", count) for key, count in loss.dropped.items()]
    rows += [(", ".join(keys), f"only known as {key}", None) for key, keys in loss.merged.items()]
    if rows:
        terminal.table(f"What {payload['to']} cannot express", REPORT_COLUMNS, rows)
    else:
        terminal.say(f"Every structure of {payload['from']} in this mask has a number in {payload['to']}.", "green")
    if "output" in payload:
        terminal.say(f"Saved {payload['output']}")


def _lost(loss: LossReport) -> str:
    parts = []
    if loss.dropped:
        parts.append(f"{len(loss.dropped)} structure(s)")
    if loss.merged:
        parts.append(f"the own name of {sum(len(keys) for keys in loss.merged.values())} structure(s)")
    return " and ".join(parts)


def _show_schemes(terminal: Terminal) -> None:
    from ..anatomy import scheme, scheme_names

    schemes = [scheme(name) for name in scheme_names()]
    payload = {"schemes": [{"name": s.name, "labels": len(s.entries)} for s in schemes]}
    rows = [(s.name, len(s.entries), _range(s.values)) for s in schemes]
    terminal.answer(payload, lambda: terminal.table("Label schemes", ("Name", "Labels #", "Numbers"), rows))


def _range(values: tuple[int, ...]) -> str:
    return f"{values[0]} to {values[-1]}" if values else ""
