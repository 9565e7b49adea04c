"""Many cases through the worker, as a batch sees them: an outcome per case, in the order in which they end."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..errors import CancelledError, RefineError
from ..recipes.folder_outcome import CaseOutcome
from .client import Engine
from .patience import CANCEL_GRACE_S
from .tickets import JobFailedError, Progress, State, Ticket

POLL_S = 0.2
"""How often a waiting batch looks up, so that Ctrl+C is heard on every system."""


def run_jobs(
    engine: Engine, jobs: Iterable[dict[str, Any]], on_progress: Callable[[str, Progress], None] | None = None
) -> Iterator[dict[str, Any]]:
    """Run jobs (see :func:`~SpineGTRefineLib.engine.recipe_jobs.recipe_job`) and yield an outcome after each.

    Parameters
    ----------
    engine
        Does them.
    jobs
        The jobs; all are queued at once.
    on_progress
        Called with the case's key and its progress, through the engine's ``deliver``.

    Yields
    ------
    dict
        The case's outcome as plain values; one that failed has the error of the worker in it.

    Raises
    ------
    CancelledError
        The user pressed Ctrl+C. The running case was ended at its next tile; what was saved before stays.
    """
    ends: queue.SimpleQueue[Ticket] = queue.SimpleQueue()
    tickets = [engine.submit(job, on_progress=_for_case(on_progress, job), on_end=ends.put) for job in jobs]
    try:
        for _ in tickets:
            yield outcome_of(_next(ends))
    except KeyboardInterrupt:
        for ticket in tickets:
            engine.cancel(ticket)
        for ticket in tickets:
            ticket.wait(CANCEL_GRACE_S)
        raise CancelledError(
            "The run was stopped; what was saved before stays.", "The same command continues it."
        ) from None


def _next(ends: queue.SimpleQueue[Ticket]) -> Ticket:
    while True:
        try:
            return ends.get(timeout=POLL_S)
        except queue.Empty:
            continue


def outcome_of(ticket: Ticket) -> dict[str, Any]:
    """Return the outcome of a job that has ended, as plain values; that of a failed one has the worker's error."""
    if ticket.state is State.DONE and ticket.result is not None:
        return ticket.result
    error = ticket.error or RefineError("The job ended without a word.", "Run it again: spine-gt-refine --debug run")
    outcome = CaseOutcome(ticket.job["case"], error=error).as_dict()
    if isinstance(error, JobFailedError):
        outcome["error"]["class"] = error.kind
    return outcome


def _for_case(
    on_progress: Callable[[str, Progress], None] | None, job: dict[str, Any]
) -> Callable[[Progress], None] | None:
    if on_progress is None:
        return None
    tell, key = on_progress, job["case"]
    return lambda progress: tell(key, progress)
