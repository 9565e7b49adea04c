"""Let a process of its own train, so that neither PyTorch nor hours of work are in the program that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...engine import Engine, Progress, State, Ticket, find_python, worker_command
from ...engine.delivery import Deliver, deliver_here
from ...errors import WorkerError
from ...process import clean_environment
from .jobs import HANDLER

STOP_GRACE_S = 900.0
"""Longest that a stop may take: a step of a large network on a slow processor, and the prediction of a case."""

POLL_S = 0.2


def learning_engine(
    python: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    deliver: Deliver = deliver_here,
    on_log: Callable[[str], None] | None = None,
) -> Engine:
    """Return an engine whose worker does the jobs of :mod:`.jobs`.

    It is another one than that of the recipes: a mask that is wanted now does not wait for the end of a training.

    Raises
    ------
    MissingDependencyError, WorkerError
        There is no Python that has PyTorch and nnU-Net.
    """
    return Engine(
        worker_command(find_python(python), HANDLER),
        environment=clean_environment(environment),
        deliver=deliver,
        on_log=on_log,
        cancel_grace_s=STOP_GRACE_S,
    )


def run_job(
    job: dict[str, Any],
    python: Path | None = None,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    on_log: Callable[[str], None] | None = None,
    on_stop: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Do one job in a worker and wait for its result.

    Ctrl+C asks the worker to stop where it can go on later, and waits for that; pressed again it ends the worker, and
    only the work since the last checkpoint is lost.

    Parameters
    ----------
    job
        See :mod:`.jobs`.
    python
        The Python that has PyTorch; None finds one.
    on_progress, on_log
        Called with progress and with lines of the worker's log.
    on_stop
        Called when the user has pressed Ctrl+C.

    Raises
    ------
    CancelledError
        It was stopped.
    RefineError
        It failed, as the worker says.
    """
    engine = learning_engine(python, on_log=on_log)
    try:
        ticket = engine.submit(job, on_progress=on_progress)
        try:
            _wait(ticket)
        except KeyboardInterrupt:
            engine.cancel(ticket)
            if on_stop is not None:
                on_stop()
            _wait(ticket)
    finally:
        engine.shutdown()
    if ticket.state is State.DONE and ticket.result is not None:
        return ticket.result
    raise ticket.error or WorkerError("The worker ended without a word.", "Run the command again.")


def _wait(ticket: Ticket) -> None:
    # In short turns: a wait without end would not see Ctrl+C on every system.
    while not ticket.wait(POLL_S):
        continue
