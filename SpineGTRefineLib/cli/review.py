"""``review``: the review station in a browser, on this machine."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .options import DatasetArgument, OutputOption
from .terminal import Terminal, terminal_of


def review(
    ctx: typer.Context,
    dataset: DatasetArgument,
    rater: Annotated[
        str, typer.Option("--rater", metavar="NAME", help="Who reviews; stored with the masks. Choose a short code.")
    ] = "",
    output: OutputOption = None,
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port to listen on. Default: a free one.")] = 0,
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Where to listen. Default: only this machine can reach it."),
    ] = "127.0.0.1",
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the web browser.")] = False,
) -> None:
    """Correct masks in a browser: worklist, painting, models, undo, save and next. Needs no Slicer.

    Prints the address with a token of its own; only who has it gets in. Ctrl+C ends the station; unsaved edits are kept
    as a draft.
    """
    serve_station(terminal_of(ctx), dataset, rater=rater, output=output, host=host, port=port, open_page=open_page)


def serve_station(
    terminal: Terminal,
    folder: Path,
    *,
    rater: str = "",
    output: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    open_page: bool = False,
) -> None:
    """Serve the station until it is interrupted."""
    from ..bids import Dataset
    from ..web.access import Address, is_local
    from ..web.graphics import quiet_vtk, require_graphics, require_packages

    address = Address(host, port)
    opened = Dataset.open(folder, output=output)
    require_packages()
    require_graphics()
    quiet_vtk()
    from ..web.server import StationServer

    if not is_local(host):
        terminal.say("Everybody who knows the address below can edit these masks; it is not encrypted.", "yellow")
    station = StationServer(opened, rater or _user())

    def show(url: str) -> None:
        terminal.say("Review station, end it with Ctrl+C. Open in a browser:", "bold")
        terminal.say(url)

    station.serve(address, on_ready=show, open_browser=open_page)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("Your user name is not known.", "Say who reviews: --rater NAME") from error
