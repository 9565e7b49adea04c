"""Which job goes next: those that wait, by urgency, and those that the worker has. No thread and no process in here."""

from __future__ import annotations

from .tickets import State, Ticket

AHEAD = 2
"""Jobs that wait for the device in the worker: one that computes, one that it reads ahead."""

IN_FLIGHT = 4
"""Jobs in the worker altogether, with those it is writing and an urgent one."""


class WaitingLine:
    """The jobs that have not ended. Not for several threads at once: the engine holds its lock around each call."""

    def __init__(self) -> None:
        self._queued: list[Ticket] = []
        self._sent: dict[str, Ticket] = {}

    def __len__(self) -> int:
        return len(self._queued) + len(self._sent)

    @property
    def has_queued(self) -> bool:
        """Whether any job still waits to be sent."""
        return bool(self._queued)

    @property
    def sent(self) -> tuple[Ticket, ...]:
        """The jobs that the worker has."""
        return tuple(self._sent.values())

    def add(self, ticket: Ticket) -> None:
        """Queue a job behind those of its priority that were submitted before."""
        ticket.state = State.QUEUED
        self._queued.append(ticket)
        self._sort()

    def move(self, ticket: Ticket, priority: int) -> None:
        """Give a job another priority; one that was sent stays where it is."""
        ticket.priority = priority
        self._sort()

    def withdraw(self, ticket: Ticket) -> bool:
        """Take a job out that was not sent yet; return whether it was there."""
        if ticket not in self._queued:
            return False
        self._queued.remove(ticket)
        return True

    def send_next(self) -> Ticket | None:
        """Return the job that goes to the worker now, or None if nothing waits or the worker has enough."""
        if not self._queued or not self._next_may_go():
            return None
        ticket = self._queued.pop(0)
        ticket.state = State.SENT
        self._sent[ticket.job_id] = ticket
        return ticket

    def of(self, job_id: str) -> Ticket | None:
        """Return a job that the worker has, by its name in the protocol."""
        return self._sent.get(job_id)

    def take(self, job_id: str) -> Ticket | None:
        """Return a job that the worker has and forget it: it has ended."""
        return self._sent.pop(job_id, None)

    def take_sent(self) -> list[Ticket]:
        """Return all jobs that the worker had and forget them: it is gone."""
        taken, self._sent = list(self._sent.values()), {}
        return taken

    def take_queued(self) -> list[Ticket]:
        """Return all jobs that wait and forget them."""
        taken, self._queued = self._queued, []
        return taken

    def _sort(self) -> None:
        self._queued.sort(key=lambda ticket: (-ticket.priority, ticket.number))

    def _next_may_go(self) -> bool:
        first, sent = self._queued[0], self._sent.values()
        if first.attempts or any(ticket.attempts for ticket in sent):
            return not sent  # A worker died with it: alone, it shows whether it was the cause.
        before = [ticket.priority for ticket in sent if ticket.state is not State.SAVING]
        return len(sent) < IN_FLIGHT and (len(before) < AHEAD or first.priority > max(before))
