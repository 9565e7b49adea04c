"""Who may use the station: one person at a time, from this machine unless told otherwise, and only with the token."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from dataclasses import dataclass, field

from ..errors import UsageError

LOCAL_HOST = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::")
"""All addresses of this machine, which then goes by its name."""
STRAIGHT = "sessionURL=ws://USE_HOST/ws"
"""Tells trame's page where its server is; else it would first ask for a launcher that is not there."""


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(24)


def is_local(host: str) -> bool:
    """Whether a host name or address means this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Address:
    """Where the station listens.

    Parameters
    ----------
    host, port
        Where; port 0 takes a free one.
    token
        What a browser must know to be let in. Also on this machine: any web page that is open in the browser could
        otherwise talk to the station behind the rater's back.
    """

    host: str = LOCAL_HOST
    port: int = 0
    token: str = field(default_factory=new_token)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise UsageError(f"There is no port {self.port}.", "Choose one from 1024 to 65535, or leave --port out.")

    def url(self, port: int) -> str:
        """Return what to open in the browser once the station listens on ``port``."""
        name = socket.gethostname() if self.host in EVERYWHERE else self.host
        host = f"[{name}]" if ":" in name else name
        return f"http://{host}:{port}/index.html?secret={self.token}&{STRAIGHT}"


class Seat:
    """The one place at the station.

    A page is one browser tab under an id that it makes for itself and keeps when it is reloaded; a connection is how it
    talks to us at the moment. Whoever has the token can read a page's id, so messages are told apart by connection.

    Attributes
    ----------
    holder : str
        The page that has the seat; "" if it is free.
    """

    def __init__(self) -> None:
        self.holder = ""
        self._connection = ""

    def claim(self, page: str, connection: str) -> bool:
        """Sit down if the seat is free or the page's own; return whether the page has it now."""
        is_its_own = self.holder == page and not self._connection
        if page and (not self.holder or is_its_own):
            self.take_over(page, connection)
        return self.allows(connection)

    def take_over(self, page: str, connection: str) -> None:
        """Take the seat from whoever has it."""
        self.holder, self._connection = page, connection

    def lose(self, connection: str) -> bool:
        """Note that a connection has ended; return whether it was the holder's, who may come back."""
        was_holder = self.allows(connection)
        if was_holder:
            self._connection = ""
        return was_holder

    def clear(self) -> None:
        """Free the seat if its holder has not come back."""
        if not self._connection:
            self.holder = ""

    def allows(self, connection: str) -> bool:
        """Whether what comes over a connection counts."""
        return bool(connection) and self._connection == connection
