"""Finds the Python that runs models and starts the engine with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import slicer

from ..engine import Engine, find_python, worker_command
from ..process import clean_environment


class EngineStarter:
    """One engine for the panel, made when a dataset is opened.

    Parameters
    ----------
    deliver
        Runs a callback on the GUI's thread.
    onLog
        Gets the worker's log.
    """

    def __init__(self, deliver: Callable[[Callable[[], None]], None], onLog: Callable[[str], None]) -> None:
        self._deliver = deliver
        self._onLog = onLog
        self._engine: Engine | None = None
        self.python: Path | None = None

    def engine(self, python: str = "") -> Engine:
        """Return the engine for a Python ("" finds one).

        Raises
        ------
        MissingDependencyError, WorkerError
            There is no Python that can run models.
        """
        found = find_python(python or None)
        if self._engine is None or found != self.python:
            self.stop()
            environment = clean_environment(startupEnvironment())
            self._engine = Engine(
                worker_command(found), environment=environment, deliver=self._deliver, on_log=self._onLog
            )
            self.python = found
        return self._engine

    def stop(self) -> None:
        """End the worker, if one runs."""
        if self._engine is not None:
            self._engine.shutdown()
        self._engine = self.python = None


def startupEnvironment() -> dict[str, str]:
    """Return what Slicer was started with: its own settings would break another Python."""
    return dict(slicer.util.startupEnvironment())
