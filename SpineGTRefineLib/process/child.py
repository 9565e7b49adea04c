"""One child process that speaks lines: what it writes arrives as lines, what we send are lines."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import UsageError
from .tree import GROUP_OPTIONS, kill_tree

LOG_LINES = 200
"""Lines of standard error that are kept for a report when the process fails."""

MAX_LINE_BYTES = 64 * 1024 * 1024
"""A line longer than this is cut: a process that writes garbage must not fill our memory."""

POLL_S = 0.2
"""How often :func:`run_to_end` looks up."""

KILL_TIMEOUT_S = 10.0
"""How long a killed child may take to be gone."""


@dataclass(frozen=True)
class ExitReport:
    """How a child process ended.

    Parameters
    ----------
    code
        Exit status; negative signal number if it was killed (POSIX).
    log
        Its last lines on standard error.
    """

    code: int
    log: tuple[str, ...]


class ChildProcess:
    """A running child process.

    Callbacks come from this object's own threads, in order: every line, then the exit. The child is killed with its
    whole tree by :meth:`kill`, and is expected to end by itself when its standard input closes, so that it cannot
    outlive us.

    Parameters
    ----------
    command
        Program and arguments.
    environment
        See :func:`~SpineGTRefineLib.process.clean_environment`.
    on_line
        Called with each line of standard output, without its end.
    on_log
        Called with each line of standard error.
    on_exit
        Called once, after the last line.

    Raises
    ------
    UsageError
        The program could not be started.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        on_exit: Callable[[ExitReport], None],
        on_log: Callable[[str], None] | None = None,
    ) -> None:
        self._on_line = on_line
        self._on_exit = on_exit
        self._on_log = on_log
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._to_send: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environment),
                **GROUP_OPTIONS,
            )
        except OSError as error:
            raise UsageError(f"{command[0]} could not be started: {error.strerror}.", "Check the path.") from error
        self._readers = [self._thread(self._read_output), self._thread(self._read_log)]
        self._thread(self._write_input)
        self._watcher = self._thread(self._watch)

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the child has not ended yet."""
        return self._process.poll() is None

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines of standard error so far."""
        return tuple(self._log)

    def send(self, line: str) -> None:
        """Queue one line for the child's standard input. Never blocks; lost if the child is gone."""
        self._to_send.put(line.encode() + b"\n")

    def kill(self) -> None:
        """End the child and all its descendants now."""
        kill_tree(self._process)
        self._to_send.put(None)

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the child has ended and ``on_exit`` was called; return whether it has."""
        self._watcher.join(timeout_s)
        return not self._watcher.is_alive()

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=f"child-{target.__name__}", daemon=True)
        thread.start()
        return thread

    def _read_output(self) -> None:
        for line in _lines(self._process.stdout):
            self._on_line(line)

    def _read_log(self) -> None:
        for line in _lines(self._process.stderr):
            self._log.append(line)
            if self._on_log is not None:
                self._on_log(line)

    def _write_input(self) -> None:
        stream = self._process.stdin
        if stream is None:
            return
        with contextlib.suppress(OSError, ValueError):
            while (data := self._to_send.get()) is not None:
                stream.write(data)
                stream.flush()
        with contextlib.suppress(OSError):
            stream.close()

    def _watch(self) -> None:
        code = self._process.wait()
        for reader in self._readers:
            # A grandchild that inherited the pipe may keep it open; what it writes is not ours to wait for.
            reader.join(timeout=2.0)
        self._to_send.put(None)
        self._on_exit(ExitReport(code, self.log))


def run_to_end(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
    on_log: Callable[[str], None] | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> ExitReport:
    """Run a child process to its end and return how it ended.

    Parameters
    ----------
    command, environment, on_line, on_log
        See :class:`ChildProcess`.
    meanwhile
        Called a few times a second. What it raises, and Ctrl+C, end the child with all that it started.

    Raises
    ------
    UsageError
        The program could not be started.
    """
    ends: list[ExitReport] = []
    child = ChildProcess(command, environment=environment, on_line=on_line, on_log=on_log, on_exit=ends.append)
    try:
        while not child.join(POLL_S):
            meanwhile()
    finally:
        if child.is_running:
            child.kill()
            child.join(KILL_TIMEOUT_S)
    return ends[0]


def _lines(stream: IO[bytes] | None) -> Iterator[str]:
    """Yield the lines of a byte stream; of a line that a progress bar rewrote with carriage returns, the last state."""
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(MAX_LINE_BYTES):
            yield line.decode("utf-8", "replace").rstrip("\r\n").rsplit("\r", 1)[-1]
