"""How long a worker may take before it is given up."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from .connection import Connection
from .tickets import Ticket

HELLO_TIMEOUT_S = 120.0
"""Longest start of a worker."""

HANG_TIMEOUT_S = 1800.0
"""A worker that says nothing for this long while a job runs is taken for hung. One tile on a slow CPU takes minutes."""

CANCEL_GRACE_S = 10.0
"""A job that goes on this long after it was cancelled is ended together with its worker."""


@dataclass(frozen=True)
class Patience:
    """Limits in seconds: until the worker says hello, between two words of it, after a job was cancelled."""

    hello_s: float
    hang_s: float
    cancel_s: float

    def is_over(self, connection: Connection, sent: Iterable[Ticket]) -> bool:
        """Whether a worker that has these jobs hangs, never said hello, or does not let go of a cancelled job."""
        if not connection.is_ready:
            return connection.silent_s > self.hello_s
        is_silent = connection.silent_s > self.hang_s
        return any(is_silent or self.is_over_for(ticket) for ticket in sent)

    def is_over_for(self, ticket: Ticket) -> bool:
        """Whether a job goes on although it was cancelled long ago."""
        return ticket.cancelled_at is not None and time.monotonic() - ticket.cancelled_at > self.cancel_s
