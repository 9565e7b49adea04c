"""The caller's side of the worker: a queue that survives it, progress, cancel. Free of Qt.

No method but ``shutdown`` waits for anything: the process is started, heard and ended on threads of the engine's own.
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
from ..process import clean_environment
from .connection import Connection, Listener
from .delivery import Deliver, Delivery, deliver_here
from .patience import CANCEL_GRACE_S, HANG_TIMEOUT_S, HELLO_TIMEOUT_S, Patience
from .protocol import Message
from .tickets import JobFailedError, Progress, State, Ticket
from .waiting_line import WaitingLine

MAX_ATTEMPTS = 2
"""How often the worker may die with a job before the job itself is taken for the cause."""


class Engine:
    """A queue of jobs and the worker process that does them.

    The worker starts with the first job, is restarted when it dies, and is the only one who touches the device. Jobs
    that it had when it died run once more, each alone, so that the one that kills workers is found out and reported
    as failed with the worker's last line; nothing else is lost.

    Parameters
    ----------
    command
        What starts the worker; see :func:`~SpineGTRefineLib.engine.launch.worker_command`.
    environment
        See :func:`~SpineGTRefineLib.process.clean_environment`; by default that of this process, cleaned.
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
        deliver: Deliver = deliver_here,
        on_log: Callable[[str], None] | None = None,
        hang_timeout_s: float = HANG_TIMEOUT_S,
        hello_timeout_s: float = HELLO_TIMEOUT_S,
        cancel_grace_s: float = CANCEL_GRACE_S,
    ) -> None:
        self._command = list(command)
        self._environment = clean_environment() if environment is None else dict(environment)
        self._delivery = Delivery(deliver)
        self._on_log = on_log
        self._patience = Patience(hello_timeout_s, hang_timeout_s, cancel_grace_s)
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._line = WaitingLine()
        self._connection: Connection | None = None
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
            self._line.add(ticket)
            self._pump()
        return ticket

    def prioritize(self, ticket: Ticket, priority: int) -> None:
        """Move a job that still waits in the queue."""
        with self._lock:
            self._line.move(ticket, priority)
            self._pump()

    def cancel(self, ticket: Ticket) -> None:
        """End a job: at once if it waits, within one tile if it runs."""
        with self._lock:
            if self._line.withdraw(ticket):
                self._end(ticket, State.CANCELLED, error=CancelledError("The job was cancelled before it began."))
            elif ticket in self._line.sent and ticket.cancelled_at is None:
                ticket.cancelled_at = time.monotonic()
                self._say("cancel", id=ticket.job_id)

    def ask_status(self, on_status: Callable[[Message], None]) -> bool:
        """Ask a running worker what is loaded; return False (and never call back) if none runs."""
        with self._lock:
            if self._connection is None or not self._connection.is_ready:
                return False
            self._status_waiters.append(on_status)
            self._say("status")
            return True

    def unload(self) -> None:
        """Ask the worker to give the memory of its models back after the current job."""
        with self._lock:
            self._say("unload")

    @property
    def is_running(self) -> bool:
        """Whether a worker process is there, or being started."""
        return self._connection is not None

    @property
    def waiting(self) -> int:
        """Number of jobs that have not ended."""
        with self._lock:
            return len(self._line)

    def shutdown(self, timeout_s: float = 5.0) -> None:
        """End the worker and cancel what is left. The worker process is gone when this returns."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            connection = self._connection
            left = [*self._line.take_queued(), *self._line.take_sent()]
            for ticket in left:
                self._end(ticket, State.CANCELLED, error=CancelledError("The engine was shut down."))
            if not left:
                self._say("shutdown")
        if connection is not None:
            if left or not connection.is_ready or not connection.join(timeout_s):
                connection.kill()
            connection.join(timeout_s)
        self._delivery.close(timeout_s)

    # The queue -------------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Keep the worker busy: start it if there is work, hand it jobs as far as its window allows."""
        if self._line.has_queued and self._connection is None and not self._closed.is_set():
            listener = Listener(self._on_ready, self._on_message, self._log, self._on_lost)
            self._connection = Connection(self._command, self._environment, listener)
        if self._connection is not None and self._connection.is_ready:
            while ticket := self._line.send_next():
                self._say("run", id=ticket.job_id, job=ticket.job, priority=ticket.priority)

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

        self._delivery.post(tell, afterwards=ticket.mark_ended)

    # What the worker says --------------------------------------------------------------------------------------------

    def _say(self, kind: str, /, **fields: Any) -> None:
        if self._connection is not None:
            self._connection.say(kind, **fields)

    def _log(self, line: str) -> None:
        on_log = self._on_log
        if on_log is not None:
            self._delivery.post(lambda: on_log(line))

    def _on_ready(self, connection: Connection) -> None:
        del connection
        with self._lock:
            self._pump()

    def _on_message(self, message: Message) -> None:
        handle = self._HANDLERS.get(message["type"])
        if handle is None:
            return
        with self._lock:
            try:
                handle(self, message)
            except (KeyError, TypeError):
                self._log(f"The worker wrote a message that makes no sense: {str(message)[:80]}")

    def _on_started(self, message: Message) -> None:
        if ticket := self._line.of(message["id"]):
            ticket.state = State.RUNNING

    def _on_computed(self, message: Message) -> None:
        if ticket := self._line.of(message["id"]):
            ticket.state = State.SAVING
            self._pump()

    def _on_progress(self, message: Message) -> None:
        ticket = self._line.of(message["id"])
        if ticket is None or ticket.on_progress is None or ticket.cancelled_at is not None:
            return
        on_progress = ticket.on_progress
        names = ("stage", "fraction", "tile", "tiles", "eta_s", "detail")
        progress = Progress(**{name: message[name] for name in names if message.get(name) is not None})
        self._delivery.post(lambda: on_progress(progress))

    def _on_log_message(self, message: Message) -> None:
        self._log(str(message["text"]))

    def _on_result(self, message: Message) -> None:
        result = message["result"]
        if ticket := self._line.take(message["id"]):
            self._end(ticket, State.DONE, result=result)
        self._pump()

    def _on_error(self, message: Message) -> None:
        fields = {name: message[name] for name in ("kind", "cause", "remedy", "exit_code", "trace")}
        if ticket := self._line.take(message["id"]):
            if message["kind"] == CancelledError.__name__:
                self._end(ticket, State.CANCELLED, error=CancelledError(message["cause"], message["remedy"]))
            else:
                self._end(ticket, State.FAILED, error=JobFailedError(**fields))
        self._pump()

    def _on_status(self, message: Message) -> None:
        waiters, self._status_waiters = self._status_waiters, []
        for waiter in waiters:
            self._delivery.post(lambda tell=waiter: tell(message))  # type: ignore[misc]

    _HANDLERS: Mapping[str, Callable[[Engine, Message], None]] = {
        "started": _on_started,
        "computed": _on_computed,
        "progress": _on_progress,
        "log": _on_log_message,
        "result": _on_result,
        "error": _on_error,
        "status": _on_status,
    }

    # When the worker is gone -----------------------------------------------------------------------------------------

    def _on_lost(self, connection: Connection, error: RefineError) -> None:
        """Sort out the jobs of a worker that ended, and start another if there is work."""
        with self._lock:
            self._connection = None
            self._status_waiters.clear()
            lost = self._line.take_sent()
            ours = any(map(self._patience.is_over_for, lost))  # We ended it, and know because of which job.
            for ticket in lost:
                self._requeue(ticket, error, suspect=not ours)
            if not connection.is_ready:
                for ticket in self._line.take_queued():
                    self._end(ticket, State.FAILED, error=error)
            self._pump()

    def _requeue(self, ticket: Ticket, error: RefineError, *, suspect: bool) -> None:
        if ticket.cancelled_at is not None:
            self._end(ticket, State.CANCELLED, error=CancelledError("The job was cancelled; its worker was ended."))
            return
        ticket.attempts += suspect
        if ticket.attempts >= MAX_ATTEMPTS:
            cause = f"Two workers died with this job. {error.cause}"
            self._end(ticket, State.FAILED, error=WorkerError(cause, error.remedy))
            return
        self._line.add(ticket)

    def _watch_over(self) -> None:
        """Kill a worker that was waited for long enough."""
        while not self._closed.wait(0.1):
            with self._lock:
                connection = self._connection
                doomed = connection is not None and self._patience.is_over(connection, self._line.sent)
            if doomed and connection is not None:
                connection.kill()  # Outside the lock: it may take longer than a frame of a GUI.
