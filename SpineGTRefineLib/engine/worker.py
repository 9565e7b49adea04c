"""The worker's side: jobs one at a time on the device, reading ahead and writing behind on other threads."""

from __future__ import annotations

import heapq
import io
import itertools
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from .. import __version__
from ..errors import CancelledError, ModelError, RefineError
from .protocol import PROTOCOL, Message, ProtocolError, decode, encode, library_fingerprint

IDLE_UNLOAD_S = 600.0
"""After this many seconds without a job the worker gives the memory of its models back."""

Job = dict[str, Any]


class JobContext:
    """What a job may say while it runs, and how it learns that it is not wanted any more."""

    def __init__(self, job_id: str, channel: Channel) -> None:
        self._id = job_id
        self._channel = channel
        self._stage, self._since, self._from = "", time.monotonic(), 0.0
        self.cancelled = threading.Event()

    def progress(
        self,
        stage: str,
        fraction: float,
        tile: int | None = None,
        tiles: int | None = None,
        *,
        detail: str = "",
        timed: bool = True,
    ) -> None:
        """Report progress; ``fraction`` is that of the whole job, 0 to 1. Ends the job if it was cancelled.

        ``detail`` says what changes within the stage, such as the epoch; ``timed`` whether the speed of the stage
        tells how long the rest of the job will take.
        """
        self.raise_if_cancelled()
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._since, self._from = stage, now, fraction
        # Measured within the stage: how long the network takes does not follow from how long reading took.
        part = fraction - self._from
        eta = (now - self._since) * (1 - fraction) / part if timed and part > 0 else None
        more = {"tile": tile, "tiles": tiles, "eta_s": eta, "detail": detail}
        self._channel.say("progress", id=self._id, stage=stage, fraction=fraction, **more)

    def log(self, text: str) -> None:
        """Send a line to the client's log."""
        self._channel.say("log", text=text)

    def raise_if_cancelled(self) -> None:
        """Raise :class:`CancelledError` if the job was cancelled."""
        if self.cancelled.is_set():
            raise CancelledError("The job was cancelled.")


class JobHandler(Protocol):
    """What the worker does; each phase gets the result of the one before."""

    def prepare(self, job: Job, context: JobContext) -> Any:
        """Read what the job needs (on the reading thread, while another job computes)."""

    def compute(self, job: Job, prepared: Any, context: JobContext) -> Any:
        """Use the device (one job at a time)."""

    def finish(self, job: Job, computed: Any, context: JobContext) -> dict[str, Any]:
        """Write the outputs (on the writing thread) and return what the client is told (JSON-able)."""

    def unload(self) -> None:
        """Give the memory of warm models back."""

    def status(self) -> dict[str, Any]:
        """Return what is loaded and where (JSON-able)."""


class Channel:
    """The way to the client. Takes the real standard output away from everybody else: prints go to the log."""

    def __init__(self) -> None:
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._lock = threading.Lock()

    def say(self, kind: str, /, **fields: Any) -> None:
        """Send one message; a client that is gone is found out by the end of standard input."""
        with self._lock:
            try:
                self._stream.write(encode(kind, **fields) + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                pass


@dataclass(frozen=True)
class _Entry:
    job_id: str
    job: Job
    context: JobContext
    prepared: Future[Any]


class Worker:
    """Runs jobs, the most urgent first, until standard input ends or ``shutdown`` is said."""

    def __init__(self, handler: JobHandler, channel: Channel, idle_unload_s: float = IDLE_UNLOAD_S) -> None:
        self._handler = handler
        self._channel = channel
        self._idle_unload_s = idle_unload_s
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._active: dict[str, _Entry] = {}
        self._stopping = False
        self._wake = threading.Condition()
        self._reading = ThreadPoolExecutor(1, "read")
        self._writing = ThreadPoolExecutor(1, "write")
        self._device = threading.Thread(target=self._run_jobs, name="device", daemon=True)

    def serve(self, lines: Iterator[str]) -> None:
        """Say hello, then obey ``lines`` until they end; jobs accepted before ``shutdown`` are finished."""
        self._channel.say(
            "hello",
            protocol=PROTOCOL,
            version=__version__,
            library=library_fingerprint(),
            pid=os.getpid(),
            python=sys.version.split()[0],
        )
        self._device.start()
        for line in lines:
            try:
                message = decode(line)
            except ProtocolError as error:
                self._channel.say("log", text=error.cause)
                continue
            if message["type"] == "shutdown":
                break
            self._obey(message)
        else:
            # The client is gone: nobody wants the results, and we must not outlive it.
            os._exit(0)
        self._stop()

    def _obey(self, message: Message) -> None:
        kind = message["type"]
        if kind == "run":
            self._accept(message["id"], message["job"], message.get("priority", 0))
        elif kind == "cancel":
            entry = self._active.get(message["id"])
            if entry is not None:
                entry.context.cancelled.set()
        elif kind == "status":
            self._channel.say("status", jobs=len(self._active), **self._handler.status())
        elif kind == "unload":
            self._enqueue(self._handler.unload)

    def _accept(self, job_id: str, job: Job, priority: int) -> None:
        context = JobContext(job_id, self._channel)
        entry = _Entry(job_id, job, context, self._reading.submit(self._handler.prepare, job, context))
        self._active[job_id] = entry
        self._enqueue(lambda: self._run(entry), priority)

    def _enqueue(self, task: Callable[[], None], priority: int = 0) -> None:
        with self._wake:
            heapq.heappush(self._queue, (-priority, next(self._numbers), task))
            self._wake.notify()

    def _stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._device.join()
        self._writing.shutdown()

    def _run_jobs(self) -> None:
        while True:
            with self._wake:
                if not self._queue and not self._stopping and not self._wake.wait(self._idle_unload_s):
                    self._handler.unload()
                if not self._queue:
                    if self._stopping:
                        return
                    continue
                *_, task = heapq.heappop(self._queue)
            task()

    def _run(self, entry: _Entry) -> None:
        self._channel.say("started", id=entry.job_id)
        try:
            entry.context.raise_if_cancelled()
            computed = self._handler.compute(entry.job, entry.prepared.result(), entry.context)
        except BaseException as error:
            self._fail(entry, error)
            return
        self._channel.say("computed", id=entry.job_id)
        self._writing.submit(self._finish, entry, computed)

    def _finish(self, entry: _Entry, computed: Any) -> None:
        try:
            result = self._handler.finish(entry.job, computed, entry.context)
        except BaseException as error:
            self._fail(entry, error)
            return
        self._active.pop(entry.job_id, None)
        self._channel.say("result", id=entry.job_id, result=result)

    def _fail(self, entry: _Entry, error: BaseException) -> None:
        self._active.pop(entry.job_id, None)
        description = describe_error(error)
        if description["trace"]:
            self._channel.say("log", text=description["trace"])
        self._channel.say("error", id=entry.job_id, **description)
        if _is_out_of_memory(error):
            self._enqueue(self._handler.unload)


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return class, cause, remedy and exit code of an error for a message; a trace only where it is unexpected."""
    if isinstance(error, RefineError):
        known = {"kind": type(error).__name__, "cause": error.cause, "remedy": error.remedy}
        return {**known, "exit_code": error.exit_code, "trace": ""}
    if _is_out_of_memory(error):
        return {
            "kind": type(error).__name__,
            "cause": f"There is not enough memory: {error}".strip().splitlines()[0],
            "remedy": "Close other programs, choose a smaller model or image, or another device (--device).",
            "exit_code": ModelError.exit_code,
            "trace": "",
        }
    return {
        "kind": type(error).__name__,
        "cause": f"The step failed unexpectedly: {type(error).__name__}: {error}".strip().splitlines()[0],
        "remedy": "Copy the log into a report to the maintainers (on the command line: spine-gt-refine --debug run).",
        "exit_code": 1,
        "trace": "".join(traceback.format_exception(error)),
    }


def _is_out_of_memory(error: BaseException) -> bool:
    reasons = (error, error.__cause__)
    return any(isinstance(e, MemoryError) or type(e).__name__ == "OutOfMemoryError" for e in reasons)  # PyTorch's own


def serve(handler: JobHandler, idle_unload_s: float = IDLE_UNLOAD_S) -> None:
    """Run a worker on this process's standard input and output until the client ends it."""
    channel = Channel()
    lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")  # whatever the system's code page is
    Worker(handler, channel, idle_unload_s).serve(line.rstrip("\n") for line in lines)
