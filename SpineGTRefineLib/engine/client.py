"""The caller's side of the worker: a queue that survives it, progress, cancel. Free of Qt.

All callbacks go through one place, the ``deliver`` function given at the start: a GUI passes one that hands them to
its own thread, the command line lets them run where they are.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import CancelledError, RefineError, WorkerError
from ..process import ChildProcess, ExitReport, clean_environment
from .protocol import PROTOCOL, Message, ProtocolError, decode, encode, library_fingerprint
from .tickets import JobFailedError, Progress, State, Ticket

IN_FLIGHT = 2
"""Jobs the worker holds at a time: one that computes, one that it reads ahead."""

MAX_ATTEMPTS = 2
"""How often a job may be running when the worker dies before the job itself is taken for the cause."""

HELLO_TIMEOUT_S = 120.0
"""Longest start of a worker (it imports torch)."""

HANG_TIMEOUT_S = 1800.0
"""A worker that says nothing for this long while a job runs is taken for hung. One tile on a slow CPU takes minutes."""

CANCEL_GRACE_S = 10.0
"""A job that goes on this long after it was cancelled is ended together with its worker."""


def deliver_here(callback: Callable[[], None]) -> None:
    """Run a callback at once, on the engine's thread."""
    callback()


def worker_command(python: str | Path) -> list[str]:
    """Return the command that starts the worker of this library in another Python.

    The Python runs isolated (``-I``) and loads this very folder by path: neither its own site packages nor its
    working directory can put another copy in the way.
    """
    return [str(python), "-I", str(Path(__file__).with_name("bootstrap.py"))]


class Engine:
    """A queue of jobs and the worker process that does them.

    The worker starts with the first job, is restarted when it dies, and is the only one who touches the device. A job
    that was running when the worker died is tried once more, then reported as failed with the worker's last lines;
    all others are kept.

    Parameters
    ----------
    command
        What starts the worker; see :func:`worker_command`.
    environment
        See :func:`~SpineGTRefineLib.process.clean_environment`.
    deliver
        The one place through which all callbacks go.
    on_log
        Called with each line of the worker's log.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        deliver: Callable[[Callable[[], None]], None] = deliver_here,
        on_log: Callable[[str], None] | None = None,
        hang_timeout_s: float = HANG_TIMEOUT_S,
        hello_timeout_s: float = HELLO_TIMEOUT_S,
        cancel_grace_s: float = CANCEL_GRACE_S,
    ) -> None:
        self._command = list(command)
        self._environment = clean_environment() if environment is None else dict(environment)
        self._deliver = deliver
        self._on_log = on_log
        self._hang_timeout_s = hang_timeout_s
        self._hello_timeout_s = hello_timeout_s
        self._cancel_grace_s = cancel_grace_s
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._queued: list[Ticket] = []
        self._sent: dict[str, Ticket] = {}
        self._worker: ChildProcess | None = None
        self._ready = False
        self._refused: ProtocolError | None = None
        self._last_word = time.monotonic()
        self._status_waiters: list[Callable[[Message], None]] = []
        self._closed = threading.Event()
        self._guard = threading.Thread(target=self._watch_over, name="engine-guard", daemon=True)
        self._guard.start()

    def submit(
        self,
        job: dict[str, Any],
        *,
        priority: int = 0,
        on_progress: Callable[[Progress], None] | None = None,
        on_end: Callable[[Ticket], None] | None = None,
    ) -> Ticket:
        """Queue a job and return its ticket at once.

        Higher ``priority`` goes first (the case on screen before a batch), equal ones in order. ``on_end`` is called
        exactly once, whatever happens.
        """
        with self._lock:
            if self._closed.is_set():
                raise WorkerError("The engine was shut down.", "Open the case again.")
            ticket = Ticket(job, priority, on_progress, on_end, next(self._numbers))
            self._queued.append(ticket)
            self._sort()
            self._pump()
        return ticket

    def prioritize(self, ticket: Ticket, priority: int) -> None:
        """Move a job that still waits in the queue."""
        with self._lock:
            ticket.priority = priority
            self._sort()

    def cancel(self, ticket: Ticket) -> None:
        """End a job: at once if it waits, within one tile if it runs."""
        with self._lock:
            if ticket in self._queued:
                self._queued.remove(ticket)
                self._end(ticket, State.CANCELLED, error=CancelledError("The job was cancelled before it began."))
            elif ticket.job_id in self._sent and ticket.cancelled_at is None:
                ticket.cancelled_at = time.monotonic()
                self._say("cancel", id=ticket.job_id)

    def ask_status(self, on_status: Callable[[Message], None]) -> bool:
        """Ask a running worker what is loaded; return False (and never call back) if none runs."""
        with self._lock:
            if self._worker is None or not self._ready:
                return False
            self._status_waiters.append(on_status)
            self._say("status")
            return True

    def unload(self) -> None:
        """Ask the worker to give the memory of its models back after the current job."""
        with self._lock:
            if self._ready:
                self._say("unload")

    @property
    def is_running(self) -> bool:
        """Whether a worker process is there."""
        return self._worker is not None

    @property
    def waiting(self) -> int:
        """Number of jobs that have not ended."""
        with self._lock:
            return len(self._queued) + len(self._sent)

    def shutdown(self, timeout_s: float = 5.0) -> None:
        """End the worker and cancel what is left. The worker process is gone when this returns."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            worker = self._worker
            left = [*self._queued, *self._sent.values()]
            self._queued.clear()
            self._sent.clear()
            for ticket in left:
                self._end(ticket, State.CANCELLED, error=CancelledError("The engine was shut down."))
            if worker is not None and not left:
                self._say("shutdown")
        if worker is not None:
            if left or not worker.join(timeout_s):
                worker.kill()
            worker.join(timeout_s)

    # The queue -------------------------------------------------------------------------------------------------------

    def _sort(self) -> None:
        self._queued.sort(key=lambda ticket: (-ticket.priority, ticket.number))

    def _pump(self) -> None:
        """Keep the worker busy: start it if there is work, hand it jobs up to its window."""
        if self._queued and self._worker is None and not self._closed.is_set():
            self._start_worker()
        while self._ready and self._queued and len(self._sent) < IN_FLIGHT:
            ticket = self._queued.pop(0)
            ticket.state = State.SENT
            self._sent[ticket.job_id] = ticket
            self._say("run", id=ticket.job_id, job=ticket.job)

    def _end(
        self,
        ticket: Ticket,
        state: State,
        result: dict[str, Any] | None = None,
        error: RefineError | None = None,
    ) -> None:
        ticket.state, ticket.result, ticket.error = state, result, error

        def tell() -> None:
            if ticket.on_end is not None:
                ticket.on_end(ticket)

        ticket.mark_ended()
        self._deliver(tell)

    def _fail_all(self, error: RefineError) -> None:
        left, self._queued = self._queued, []
        for ticket in left:
            self._end(ticket, State.FAILED, error=error)

    # The worker ------------------------------------------------------------------------------------------------------

    def _start_worker(self) -> None:
        self._ready, self._refused = False, None
        self._last_word = time.monotonic()
        try:
            self._worker = ChildProcess(
                self._command,
                environment=self._environment,
                on_line=self._hear,
                on_exit=self._lose_worker,
                on_log=self._log,
            )
        except RefineError as error:
            self._fail_all(error)

    def _say(self, kind: str, /, **fields: Any) -> None:
        if self._worker is not None:
            self._worker.send(encode(kind, **fields))

    def _log(self, line: str) -> None:
        on_log = self._on_log
        if on_log is not None:
            self._deliver(lambda: on_log(line))

    def _hear(self, line: str) -> None:
        try:
            message = decode(line)
        except ProtocolError as error:
            self._log(error.cause)
            return
        with self._lock:
            self._last_word = time.monotonic()
            handle = self._HANDLERS.get(message["type"])
            if handle is not None:
                handle(self, message)

    def _on_hello(self, message: Message) -> None:
        theirs = (message.get("protocol"), message.get("library"))
        if theirs != (PROTOCOL, library_fingerprint()):
            self._refused = ProtocolError(
                f"The worker runs another version of the library ({message.get('version')}, protocol {theirs[0]}).",
                "Restart the program; reinstall the worker's environment if that does not help.",
            )
            if self._worker is not None:
                self._worker.kill()
            return
        self._ready = True
        self._pump()

    def _on_started(self, message: Message) -> None:
        ticket = self._sent.get(message["id"])
        if ticket is not None:
            ticket.state = State.RUNNING

    def _on_progress(self, message: Message) -> None:
        ticket = self._sent.get(message["id"])
        if ticket is None or ticket.on_progress is None or ticket.cancelled_at is not None:
            return
        on_progress = ticket.on_progress
        fields = (message.get(name) for name in ("stage", "fraction", "tile", "tiles", "eta_s"))
        progress = Progress(*fields)  # type: ignore[arg-type]
        self._deliver(lambda: on_progress(progress))

    def _on_log_message(self, message: Message) -> None:
        self._log(str(message.get("text", "")))

    def _on_result(self, message: Message) -> None:
        ticket = self._sent.pop(message["id"], None)
        if ticket is not None:
            self._end(ticket, State.DONE, result=message["result"])
        self._pump()

    def _on_error(self, message: Message) -> None:
        ticket = self._sent.pop(message["id"], None)
        if ticket is not None:
            if message["kind"] == CancelledError.__name__:
                self._end(ticket, State.CANCELLED, error=CancelledError(message["cause"]))
            else:
                fields = {name: message[name] for name in ("kind", "cause", "remedy", "exit_code", "trace")}
                self._end(ticket, State.FAILED, error=JobFailedError(**fields))
        self._pump()

    def _on_status(self, message: Message) -> None:
        waiters, self._status_waiters = self._status_waiters, []
        for waiter in waiters:
            self._deliver(lambda tell=waiter: tell(message))  # type: ignore[misc]

    _HANDLERS: Mapping[str, Callable[[Engine, Message], None]] = {
        "hello": _on_hello,
        "started": _on_started,
        "progress": _on_progress,
        "log": _on_log_message,
        "result": _on_result,
        "error": _on_error,
        "status": _on_status,
    }

    def _lose_worker(self, report: ExitReport) -> None:
        """Sort out the jobs of a worker that ended, and start another if there is work."""
        with self._lock:
            was_ready, self._ready, self._worker = self._ready, False, None
            self._status_waiters.clear()
            lost, self._sent = list(self._sent.values()), {}
            for ticket in lost:
                self._requeue(ticket, report)
            self._sort()
            if not was_ready and not self._closed.is_set():
                self._fail_all(self._refused or _died("The worker ended before it was ready", report))
            self._pump()

    def _requeue(self, ticket: Ticket, report: ExitReport) -> None:
        was_running = ticket.state is State.RUNNING
        if ticket.cancelled_at is not None:
            self._end(ticket, State.CANCELLED, error=CancelledError("The job was cancelled; its worker was ended."))
            return
        ticket.attempts += was_running
        if ticket.attempts >= MAX_ATTEMPTS:
            self._end(ticket, State.FAILED, error=_died("The worker died twice while it ran this job", report))
            return
        ticket.state = State.QUEUED
        self._queued.append(ticket)

    def _watch_over(self) -> None:
        """Kill a worker that hangs, never says hello, or does not let go of a cancelled job."""
        while not self._closed.wait(0.1):
            with self._lock:
                worker, now = self._worker, time.monotonic()
                if worker is None:
                    continue
                silent_s = now - self._last_word
                late = [
                    t for t in self._sent.values() if t.cancelled_at and now - t.cancelled_at > self._cancel_grace_s
                ]
                hung = bool(self._sent) and silent_s > self._hang_timeout_s
                if late or hung or (not self._ready and silent_s > self._hello_timeout_s):
                    self._last_word = now
                    worker.kill()


def _died(what: str, report: ExitReport) -> WorkerError:
    reason = "out of memory, or killed" if report.code in (-9, 137) else f"exit status {report.code}"
    last = report.log[-1] if report.log else "it wrote nothing"
    return WorkerError(f"{what} ({reason}): {last}", "See the log; try a smaller image, another device, or `doctor`.")
