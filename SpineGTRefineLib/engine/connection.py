"""One worker process as the engine sees it: started away from the caller's thread, greeted, heard, and ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import RefineError, WorkerError
from ..process import ChildProcess, ExitReport
from .protocol import PROTOCOL, Message, ProtocolError, decode, encode, library_fingerprint


@dataclass(frozen=True)
class Listener:
    """Who hears what a worker says; all are called from the connection's own threads.

    Parameters
    ----------
    on_ready
        The worker said hello and is of our version.
    on_message
        Any other message.
    on_log
        A line of its log, or one that is no message.
    on_lost
        The process is gone (always the last call), with the error for whoever waited for it.
    """

    on_ready: Callable[[Connection], None]
    on_message: Callable[[Message], None]
    on_log: Callable[[str], None]
    on_lost: Callable[[Connection, RefineError], None]


class Connection:
    """A worker process from its start to its end. Making one returns at once.

    Parameters
    ----------
    command, environment
        What is started.
    listener
        Who hears of it.
    """

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], listener: Listener) -> None:
        self._command = command
        self._environment = environment
        self._listener = listener
        self._lock = threading.Lock()
        self._child: ChildProcess | None = None
        self._there = threading.Event()
        self._doomed = False
        self._refusal: ProtocolError | None = None
        self._last_word = time.monotonic()
        self.is_ready = False
        self._starter = threading.Thread(target=self._start, name="engine-start", daemon=True)
        self._starter.start()

    @property
    def silent_s(self) -> float:
        """Seconds since the worker said anything."""
        return time.monotonic() - self._last_word

    def say(self, kind: str, /, **fields: Any) -> None:
        """Send one message. Never blocks."""
        if self._child is not None:
            self._child.send(encode(kind, **fields))

    def kill(self) -> None:
        """End the process with its whole tree, also if it is only being started. May take a moment."""
        with self._lock:
            child = None if self._doomed else self._child
            self._doomed = True
        if child is not None:
            child.kill()

    def join(self, timeout_s: float) -> bool:
        """Wait until the process is gone and everybody was told; return whether it is."""
        self._starter.join(timeout_s)
        return not self._starter.is_alive() and (self._child is None or self._child.join(timeout_s))

    def _start(self) -> None:
        # Both take longer than a frame of a GUI: read all sources, start a process.
        library_fingerprint()
        try:
            child = ChildProcess(
                self._command,
                environment=self._environment,
                on_line=self._hear,
                on_exit=self._lose,
                on_log=self._listener.on_log,
            )
        except RefineError as error:
            self._listener.on_lost(self, error)
            return
        with self._lock:
            self._child = child
            doomed = self._doomed
        self._there.set()
        if doomed:
            child.kill()

    def _hear(self, line: str) -> None:
        self._there.wait()
        self._last_word = time.monotonic()
        try:
            message = decode(line)
            if message["type"] == "hello":
                self._greet(message)
            elif self.is_ready:
                self._listener.on_message(message)
        except ProtocolError as error:
            self._listener.on_log(error.cause)

    def _greet(self, message: Message) -> None:
        theirs = (message.get("protocol"), message.get("library"))
        if theirs != (PROTOCOL, library_fingerprint()):
            self._refusal = ProtocolError(
                f"The worker runs another version of the library ({message.get('version')}, protocol {theirs[0]}).",
                "Restart the program; reinstall the worker's environment if that does not help.",
            )
            self.kill()
            return
        self.is_ready = True
        self._listener.on_ready(self)

    def _lose(self, report: ExitReport) -> None:
        self._there.wait()
        self._listener.on_lost(self, self._refusal or _died(report, was_ready=self.is_ready))


def _died(report: ExitReport, *, was_ready: bool) -> WorkerError:
    reason = "out of memory, or killed" if report.code in (-9, 137) else f"exit status {report.code}"
    last = (report.log[-1] if report.log else "it wrote nothing").rstrip(".") + "."
    if not was_ready:
        return WorkerError(
            f"The worker ended before it was ready ({reason}): {last}",
            "Check the Python that runs models: spine-gt-refine env check",
        )
    return WorkerError(
        f"The worker ended ({reason}): {last}",
        "Try a smaller image or another device. For its log, on the command line: spine-gt-refine --debug run",
    )
