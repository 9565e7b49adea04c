"""``models``: which models are known, which are on this machine; install, verify and remove them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import JsonOption
from .terminal import Terminal, terminal_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")

NameArgument = Annotated[str, typer.Argument(metavar="MODEL", help="Name of the model, as in the list.")]


@app.callback()
def _models() -> None:
    """Models on this machine. Nothing is downloaded unless you ask for it here."""


@app.command("list")
def list_models(ctx: typer.Context, json: JsonOption = False) -> None:
    """Show the known models, where they come from, and which are installed."""
    del json
    terminal = terminal_of(ctx)
    from ..models import ModelStore

    store = ModelStore()
    installed = {model.entry.name: model for model in store.installed()}
    rows: list[dict[str, Any]] = []
    for entry in store.known():
        row = entry.as_dict()
        row["installed"] = entry.name in installed
        row["runs_here"] = entry.framework == "nnunet"
        rows.append(row)
    damaged = {name: str(error) for name, error in store.damaged().items()}
    payload = {"folder": str(store.folder), "models": rows, "damaged": damaged}
    terminal.answer(payload, lambda: _show(terminal, str(store.folder), rows, damaged.values()))


def _show(terminal: Terminal, folder: str, rows: Sequence[Mapping[str, Any]], damaged: Iterable[str]) -> None:
    """Show names whole, so that they can be copied; what a license is about stands below, once."""
    cells = [
        (
            row["name"],
            row["title"],
            ", ".join(row["contrasts"]),
            "yes" if row["installed"] else "",
            (row["license"] or "not stated").replace(" (", "* (").split(" (")[0],
        )
        for row in rows
    ]
    terminal.table(f"Models (kept in {folder})", ("Model", "Title", "Contrasts", "Installed", "License"), cells)
    if any(row[-1].endswith("*") for row in cells):
        terminal.say("* License of the repository; the release names none of its own for the weights (see --json).")
    for said in damaged:
        terminal.say(said, "yellow")


@app.command("install")
def install(
    ctx: typer.Context,
    model: NameArgument,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE|FOLDER", help="A zip you have, or nnU-Net's results folder of a model."),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            "--scheme",
            metavar="NAME",
            help="What the values of your own model mean; needed to run it in a recipe (canal, cord, spine ...).",
        ),
    ] = None,
    orientation: Annotated[
        str | None,
        typer.Option(
            "--orientation",
            metavar="LETTERS",
            help="How your own model's training images were stored (RAS, LAS ...); default: as its dataset.json says.",
        ),
    ] = None,
    configuration: Annotated[
        str | None,
        typer.Option("--configuration", metavar="NAME", help="Which training, if there are several (3d_fullres)."),
    ] = None,
    fold: Annotated[
        list[str] | None, typer.Option("--fold", metavar="N", help="Only this fold; may be repeated; default: all.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the installed model of this name.")] = False,
    json: JsonOption = False,
) -> None:
    """Install a model: from its published address, from a zip, or from the folder that nnU-Net's training wrote.

    A model that you trained yourself gets the name you give it here, and with --scheme the meaning of its labels. The
    hash of every archive is recorded; an address that delivers something else later is refused. A download that was
    stopped goes on where it stopped.
    """
    del json
    terminal = terminal_of(ctx)
    from ..models import ModelStore

    store = ModelStore()
    if source is None or (model in store.entries and source.is_file()):
        _refuse_own_options(scheme, orientation, configuration, fold)
        with terminal.counter(f"Installing {model}") as show:

            def progress(part: float, text: str) -> None:
                show(round(100 * part), 100, text)

            installed = store.install(model, archive=source, progress=progress, overwrite=overwrite)
    else:
        installed = store.install_own(
            source,
            name=model,
            scheme=scheme,
            orientation=orientation,
            configuration=configuration,
            folds=fold,
            overwrite=overwrite,
        )
    answer = {"model": installed.entry.name, "source": installed.source, "files": installed.hashes}
    pinned = "as published" if installed.pinned else "recorded now, and compared from now on"
    terminal.answer(answer, lambda: terminal.say(f"{installed.entry.title} is installed. Hash: {pinned}."))


def _refuse_own_options(*options: object) -> None:
    from ..errors import UsageError

    if any(options):
        raise UsageError(
            "What a published model's labels and orientation are is known; it cannot be changed here.",
            "Leave out --scheme, --orientation, --configuration and --fold, or install its folder under another name.",
        )


@app.command("verify")
def verify(
    ctx: typer.Context,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="One model; all if left out.")] = None,
    json: JsonOption = False,
) -> None:
    """Compare the files of installed models with their recorded hashes."""
    del json
    terminal = terminal_of(ctx)
    from ..models import ModelStore

    store = ModelStore()
    for damaged in () if model else store.damaged().values():
        raise damaged
    chosen = [store.find(model)] if model else list(store.installed())
    for installed in chosen:
        installed.verify()
    names = [installed.entry.name for installed in chosen]
    terminal.answer({"verified": names}, lambda: terminal.say(f"Unchanged: {', '.join(names)}."))


@app.command("remove")
def remove(ctx: typer.Context, model: NameArgument, json: JsonOption = False) -> None:
    """Delete an installed model from this machine."""
    del json
    terminal = terminal_of(ctx)
    from ..models import ModelStore

    ModelStore().remove(model)
    terminal.answer({"removed": model}, lambda: terminal.say(f"{model} was removed."))
