"""What runs inside a Dask worker: an engine of its own, whose models stay warm from case to case.

Dask says which case goes where; the engine does it, in a process of its own. So a case that kills the process which
holds the model never takes the Dask worker with it: the engine tries once more, and reports it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from ..errors import WorkerError
from ..process import clean_environment
from .batch import outcome_of
from .client import Engine
from .launch import find_python, worker_command
from .protocol import library_fingerprint

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
"""What tells PyTorch and ITK how many threads to use; else each of several workers would take the whole machine."""


class EnginePlugin(WorkerPlugin):  # type: ignore[misc]
    """Gives each Dask worker, also those that join later, an engine.

    Parameters
    ----------
    python
        The Python that runs models on the worker's machine, see :func:`~SpineGTRefineLib.engine.launch.find_python`.
    command
        What starts the process that does the jobs; by default the real one, in ``python``.
    """

    idempotent = True
    """A second command on the same scheduler joins the first: to register anew would end the engine under its cases."""

    def __init__(self, python: str | None = None, command: Sequence[str] | None = None) -> None:
        self._python = python
        self._command = command
        self._library = library_fingerprint()
        self.name = " ".join(["spine-gt-refine", self._library, python or "", *(command or ())])

    def setup(self, worker: Worker) -> None:
        """Note what this worker has; the engine starts with its first job."""
        self._threads = worker.state.nthreads
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    def teardown(self, worker: Worker) -> None:
        """End the engine's process."""
        del worker
        if self._engine is not None:
            self._engine.shutdown()

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Do a job and return its outcome, also that of a failure; waits for it."""
        ticket = self._started().submit(job)
        ticket.wait()
        return outcome_of(ticket)

    def _started(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._require_same_library()
                command = self._command or worker_command(find_python(self._python))
                threads = dict.fromkeys(THREAD_VARIABLES, str(self._threads))
                self._engine = Engine(command, environment=clean_environment(extra=threads))
            return self._engine

    def _require_same_library(self) -> None:
        if library_fingerprint() != self._library:
            raise WorkerError(
                "A Dask worker has another version of SpineGTRefine than the command that sent it work.",
                "Install the same version on all machines, and start the workers again.",
            )


def run_job(job: dict[str, Any], plugin: str) -> dict[str, Any]:
    """Do a job on this Dask worker with the plugin of a name: the task that the scheduler hands out.

    Errors of the job are in its outcome; what is raised concerns the worker as a whole.
    """
    engine: EnginePlugin = get_worker().plugins[plugin]
    return engine.run(job)
