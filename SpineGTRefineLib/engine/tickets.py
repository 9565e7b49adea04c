"""A job in the engine's queue, as its owner sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..errors import RefineError, WorkerError


class State(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    SENT = "sent"
    RUNNING = "running"
    SAVING = "saving"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Progress:
    """How far a job is: stage, fraction of the whole (0 to 1), tile i of n, seconds left (None: unknown), detail."""

    stage: str
    fraction: float
    tile: int | None = None
    tiles: int | None = None
    eta_s: float | None = None
    detail: str = ""


class JobFailedError(WorkerError):
    """A job failed in the worker; ``kind`` is the class of the error there, ``trace`` its stack if unexpected."""

    def __init__(self, kind: str, cause: str, remedy: str = "", exit_code: int = 1, trace: str = "") -> None:
        super().__init__(cause, remedy)
        self.kind = kind
        self.exit_code = exit_code
        self.trace = trace


@dataclass(eq=False)
class Ticket:
    """One job in the queue; read-only for the caller.

    Attributes
    ----------
    job
        What the worker is asked to do (JSON-able).
    state, result, error
        Where it stands; the worker's result once done; the error if it failed or was cancelled.
    """

    job: dict[str, Any]
    priority: int
    on_progress: Callable[[Progress], None] | None
    on_end: Callable[[Ticket], None] | None
    number: int
    state: State = State.QUEUED
    result: dict[str, Any] | None = None
    error: RefineError | None = None
    attempts: int = 0
    cancelled_at: float | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def job_id(self) -> str:
        """Name of the job in the protocol; a second attempt has another, so that late answers are not mistaken."""
        return f"{self.number}.{self.attempts}"

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the job has ended, well or not. Not for a GUI thread."""
        return self._ended.wait(timeout_s)

    def mark_ended(self) -> None:
        """Let go whoever waits."""
        self._ended.set()
