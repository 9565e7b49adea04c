"""Puts the station together and serves it: trame's server, trame-slicer's views, our session and parts."""

from __future__ import annotations

import asyncio
import sys
import webbrowser
from collections.abc import Callable
from typing import Any

from trame.app import get_server
from trame_slicer.core import SlicerApp

from ..bids import Dataset
from ..errors import RefineError, UsageError
from .access import Address, Seat
from .acts import Acts
from .display import Display
from .gate import Gate
from .keys import all_keys
from .page.page import build_page
from .parts.editing import EditingPart
from .parts.finish import FinishPart
from .parts.learn import LearnPart
from .parts.looks import LookPart
from .parts.models import ModelPart
from .parts.notices import NoticePart
from .parts.part import Part
from .parts.problems import ProblemPart
from .parts.slices import SlicePart
from .parts.versions import VersionPart
from .parts.worklist import WorklistPart
from .station import Station

PARTS: tuple[type[Part], ...] = (
    NoticePart,
    WorklistPart,
    EditingPart,
    SlicePart,
    ProblemPart,
    ModelPart,
    VersionPart,
    LookPart,
    FinishPart,
    LearnPart,
)
TICK_S = 1.0
STROKE_S = 0.06
"""One stroke brings dozens of events; what they mean is looked at when they are over."""
CHECK_S = 0.7
"""How long the mask must rest before it is checked again."""
NO_PLACE = "Leave --port out to take a free one, and --host to listen for this machine only."
RELOAD_S = 5.0
"""How long the seat is kept for a page whose connection has ended: it may be on its way back."""

START: dict[str, Any] = {
    "trame__title": "SpineGTRefine",
    "trame__favicon": None,
    "tab": "worklist",
    "sheet": False,
    "holder": "",
    "query": "",
    "rater": "",
    "dataset_name": "",
    "key_map": [],
}


class StationServer:
    """The station as a server for one person.

    Parameters
    ----------
    dataset
        What is reviewed.
    rater
        Who works.
    """

    def __init__(self, dataset: Dataset, rater: str) -> None:
        self._server = get_server(f"spine-gt-refine-{id(self)}", client_type="vue3")
        self.state = self._server.state
        self.state.update(START)
        self.seat = Seat()
        self._gate = Gate(self._server, self.seat, lambda: self._soon("seat", RELOAD_S, self._clear_seat))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        app = SlicerApp()
        display = Display(app, self._server)
        self.station = Station(dataset, rater, app, display, self._deliver, self._after_stroke)
        self.parts: dict[type, Any] = {kind: kind(self.station, self.state) for kind in PARTS}
        self.acts = Acts(self.parts)
        self.state.rater, self.state.dataset_name = rater, dataset.root.name
        self.state.key_map = [
            {"keys": key.in_browser, "act": key.name, "text": key.text, "repeats": key.repeats} for key in all_keys()
        ]
        self.station.changed.connect(self._on_changed)
        self.station.opened.connect(self._on_opened)
        self.parts[LearnPart].ranked.connect(self.parts[WorklistPart].update)
        for signal in app.segmentation_editor.signals():
            signal.connect(lambda *_: self._soon("edit", STROKE_S, self.parts[EditingPart].update))
        for name, answer in {"act": self.act, "sit": self.sit, "take_over": self.take_over}.items():
            self._server.controller.trigger(name)(answer)
        build_page(self._server, display)
        self._open_first()

    # The page asks ---------------------------------------------------------------------------------------------------

    def act(self, _page: str, name: str, *arguments: Any) -> None:
        """Do what the page in the seat asks for; the gate keeps others away."""
        try:
            self.acts.do(name, list(arguments))
        except RefineError as error:
            self.station.say("error", str(error))
        self.station.session.touch()
        self._update()

    def sit(self, page: str) -> bool:
        """Give the seat to a page if it is free; return whether it has it now."""
        sits = self.seat.claim(page, self._gate.speaker)
        if sits:
            self._gate.let_in()
        self.state.holder = self.seat.holder
        return sits

    def take_over(self, page: str) -> None:
        """Give the seat to a page, whoever has it."""
        self.seat.take_over(page, self._gate.speaker)
        self._gate.let_in()
        self.state.holder = self.seat.holder

    # Running ---------------------------------------------------------------------------------------------------------

    def serve(self, address: Address, *, on_ready: Callable[[str], None], open_browser: bool = False) -> None:
        """Serve until interrupted; ``on_ready`` gets the address to open.

        Raises
        ------
        UsageError
            Nothing can listen there: the port is taken, or the address is not one of this machine.
        """

        def ready(**_: Any) -> None:
            url = address.url(self._server.port)
            self._loop = asyncio.get_running_loop()
            self._loop.create_task(self._tick())
            on_ready(url)
            if open_browser:
                webbrowser.open(url)

        self._server.controller.on_server_ready.add(ready)
        self.state.query = address.url(address.port).partition("?")[2]
        self._server.cli.set_defaults(authKey=address.token)
        arguments, sys.argv = sys.argv, sys.argv[:1]  # trame would read our command line as its own
        try:
            self._server.start(
                port=address.port,
                host=address.host,
                open_browser=False,
                show_connection_info=False,
                disable_logging=True,
                timeout=0,
            )
        except OSError as error:
            if self._loop is not None:
                raise
            place = f"{address.host}, port {address.port}"
            raise UsageError(f"The station cannot listen on {place}: {error.strerror}.", NO_PLACE) from error
        finally:
            sys.argv = arguments
            self.parts[LearnPart].end()
            self.station.end()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            with self.state:
                self.station.tick()

    # Inside ----------------------------------------------------------------------------------------------------------

    def _deliver(self, callback: Callable[[], None]) -> None:
        """Run a callback on the server's thread, and tell the page what it changed."""
        if self._loop is None:
            self._run(callback)
        else:
            self._loop.call_soon_threadsafe(self._run, callback)

    def _run(self, callback: Callable[[], None]) -> None:
        with self.state:
            callback()

    def _after_stroke(self, callback: Callable[[], None]) -> None:
        self._soon("stroke", STROKE_S, callback)

    def _soon(self, name: str, seconds: float, callback: Callable[[], None]) -> None:
        """Run a callback once things have rested for a while; asked again meanwhile, it waits anew."""
        if self._loop is None:
            callback()
            return
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = self._loop.call_later(seconds, self._run, callback)

    def _clear_seat(self) -> None:
        self.seat.clear()
        self.state.holder = self.seat.holder

    def _open_first(self) -> None:
        try:
            self.station.open(self.station.session.worklist.first_to_do())
        except RefineError as error:
            self.station.say("error", str(error))
        self._update()

    def _on_changed(self) -> None:
        self._soon("update", STROKE_S, self._update)
        self._soon("check", CHECK_S, self.parts[ProblemPart].update)

    def _on_opened(self) -> None:
        self.parts[WorklistPart].update()
        self.parts[ProblemPart].update()

    def _update(self) -> None:
        for kind in (EditingPart, SlicePart, FinishPart):
            self.parts[kind].update()
