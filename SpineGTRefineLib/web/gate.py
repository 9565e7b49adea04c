"""Hears only the page that has the seat: also its sliders and its mouse, which trame takes from every page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from wslink.websocket import LinkProtocol

from .access import Seat

OPEN_TO_ALL = frozenset({"trame.state.get", "trame.force.push", "trame.lifecycle.update", "trame.error.client"})
"""What a page that waits may send: it must be able to show that it waits."""
OPEN_TRIGGERS = frozenset({"sit", "take_over"})
TRIGGER, SIZE = "trame.trigger", "trame.rca.size"


class Gate:
    """Stands between the pages and trame.

    Parameters
    ----------
    server
        trame's server, not started yet.
    seat
        Who is heard.
    on_lost
        Called when the connection of the page in the seat has ended.
    """

    def __init__(self, server: Any, seat: Seat, on_lost: Callable[[], None]) -> None:
        self._seat = seat
        self._on_lost = on_lost
        self._web_app: Any = None
        self._sizes: dict[str, dict[str, Callable[[], Any]]] = defaultdict(dict)
        server.add_protocol_to_configure(lambda protocol: protocol.registerLinkProtocol(_Farewell(self._on_closed)))
        server.controller.on_server_bind.add(self._guard)

    @property
    def speaker(self) -> str:
        """The connection that sent the message which is being answered."""
        return self._web_app.last_active_client_id or "" if self._web_app is not None else ""

    def let_in(self) -> None:
        """Do what waited for the speaker to have the seat: its views say only once how large they are."""
        for resize in self._sizes.pop(self.speaker, {}).values():
            resize()

    def _guard(self, web_app: Any) -> None:
        """Put a guard before every procedure that pages can call."""
        self._web_app = web_app
        for handler in web_app._ws_handlers:  # wslink has no other way to them
            for name, (protocol, procedure) in handler.functionMap.items():
                if name not in OPEN_TO_ALL:
                    handler.functionMap[name] = (protocol, partial(self._call_if_heard, name, procedure))

    def _call_if_heard(self, name: str, procedure: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
        call = partial(procedure, *arguments, **settings)
        if self._seat.allows(self.speaker) or (name == TRIGGER and arguments[1] in OPEN_TRIGGERS):
            return call()
        if name == SIZE:
            self._sizes[self.speaker][arguments[1]] = call
        return None

    def _on_closed(self, connection: str) -> None:
        self._sizes.pop(connection, None)
        if self._seat.lose(connection):
            self._on_lost()


class _Farewell(LinkProtocol):
    """Tells of connections that end."""

    def __init__(self, on_closed: Callable[[str], None]) -> None:
        super().__init__()
        self._on_closed = on_closed

    def onClose(self, client_id: str) -> None:  # noqa: N802
        """Tell."""
        self._on_closed(client_id)
