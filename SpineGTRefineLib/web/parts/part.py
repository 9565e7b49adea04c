"""What all parts of the page have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ...errors import RefineError
from ..station import Station


class Part:
    """One part of the page.

    Parameters
    ----------
    station
        What the parts share.
    state
        The page's state (trame's); it holds plain values only.
    """

    START: ClassVar[dict[str, Any]] = {}
    """The part's share of the state before anything is open."""

    def __init__(self, station: Station, state: Any) -> None:
        self.station = station
        self.state = state
        state.update(self.START)
        self.set_up()

    def set_up(self) -> None:
        """Connect to what the part follows."""

    def update(self) -> None:
        """Bring the part's share of the state up to date."""

    def attempt(self, act: Callable[[], Any]) -> None:
        """Do something; what goes wrong is said in the status line, with what to do."""
        try:
            act()
        except RefineError as error:
            self.station.say("error", str(error))
