"""Many cases over many processes or machines, with Dask: each case once, whatever dies on the way.

The state is on disk: a case that was done is skipped by whoever gets it again, so a run that was cut off, at either
end, is continued by the same command. Paths travel, voxels do not; every machine sees the dataset under the same path.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..errors import CancelledError, MissingDependencyError, RefineError, WorkerError
from ..recipes.folder_outcome import CaseOutcome
from .batch import POLL_S

if TYPE_CHECKING:
    from distributed import Client, Future

    from .worker import Job

LOCAL = "127.0.0.1"
"""Where a cluster on this machine listens: nobody else can send it work."""

GPU = "GPU"
"""Label of a resource: a worker that has a graphics card offers one of it."""

GPU_SHARE = 0.5
"""What a case asks of a card: while one case computes, the next is read and the last one written."""

CORES_PER_WORKER = 2
"""Cores for each local worker where there is no graphics card."""

PATIENCE_S = 300.0
"""How long a run waits for a scheduler that is gone, or for a first worker."""

GOODBYE_S = 2.0
"""How long a scheduler has to answer when the run is over."""

ROOM_REFRESH_S = 1.0
"""How often the number of workers is looked up."""


@contextmanager
def local_cluster(workers: int | None = None, gpus: int = 0) -> Iterator[str]:
    """Start a scheduler and workers on this machine; give the scheduler's address; end all of them afterwards.

    Parameters
    ----------
    workers
        Number of worker processes; by default one per graphics card, or one per :data:`CORES_PER_WORKER` cores.
    gpus
        Number of graphics cards; the workers share them in turn.

    Raises
    ------
    MissingDependencyError
        Dask is not installed.
    """
    distributed = _distributed()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    number = workers or gpus or max(1, cores // CORES_PER_WORKER)
    common = {"host": LOCAL, "dashboard_address": f"{LOCAL}:0", "silence_logs": logging.ERROR, "memory_limit": 0}
    common["nthreads"] = max(1, cores // number)
    nannies = {
        index: {"cls": distributed.Nanny, "options": common | (_with_card(index % gpus) if gpus else {})}
        for index in range(number)
    }
    scheduler = {"cls": distributed.Scheduler, "options": {"host": LOCAL, "port": 0, "dashboard_address": f"{LOCAL}:0"}}
    with distributed.SpecCluster(workers=nannies, scheduler=scheduler, silence_logs=logging.ERROR) as cluster:
        yield cluster.scheduler_address


def run_on_cluster(
    address: str,
    jobs: Iterable[Job],
    *,
    python: str | None = None,
    command: Sequence[str] | None = None,
    on_wait: Callable[[str], None] | None = None,
    patience_s: float = PATIENCE_S,
) -> Iterator[dict[str, Any]]:
    """Run jobs on the workers of a scheduler and yield an outcome after each, in the order in which they end.

    A job goes to another worker when its own dies, and to the scheduler again when that was started anew.

    Parameters
    ----------
    address
        Address of a Dask scheduler, for example ``tcp://host:8786``.
    jobs
        See :func:`~SpineGTRefineLib.engine.recipe_jobs.recipe_job`.
    python, command
        See :class:`~SpineGTRefineLib.engine.dask_worker.EnginePlugin`.
    on_wait
        Told, for people, what is being waited for.
    patience_s
        How long to wait for a scheduler or a worker before giving up.

    Raises
    ------
    WorkerError
        No scheduler answers, or it has no worker.
    CancelledError
        Ctrl+C. The cases that workers had begun are finished by them; what was saved before stays.
    MissingDependencyError
        Dask is not installed.
    """
    _distributed()
    left = dict(enumerate(jobs))
    while left:
        with _connected(address, patience_s, on_wait) as client:
            try:
                yield from _run(client, left, python, command)
            except _SchedulerLostError:
                if on_wait is not None:
                    on_wait("the scheduler is gone; waiting for it")
            except KeyboardInterrupt:
                raise CancelledError(
                    "The run was stopped; what was saved before stays.", "The same command continues it."
                ) from None


class _SchedulerLostError(Exception):
    """The scheduler died or was restarted: all that it knew of is to be asked for again."""


def _run(
    client: Client, left: dict[int, Job], python: str | None, command: Sequence[str] | None
) -> Iterator[dict[str, Any]]:
    """Keep all workers busy, a window of jobs at a time; take each job out of ``left`` once its outcome is there."""
    from .dask_worker import EnginePlugin, run_job

    plugin = EnginePlugin(python, command)
    client.register_plugin(plugin)
    waiting = iter(dict(left).items())
    running: dict[Future, int] = {}
    ends: queue.SimpleQueue[Future] = queue.SimpleQueue()
    room = _Room(client)
    while left:
        for number, job in itertools.islice(waiting, max(0, room.threads() - len(running))):
            future = client.submit(run_job, job, plugin.name, pure=False, resources=room.needs(job))
            running[future] = number
            future.add_done_callback(ends.put)
        if (ended := _next(ends, client)) is not None:
            number = running.pop(ended)
            outcome = _outcome(ended, left[number])
            del left[number]
            yield outcome


def _next(ends: queue.SimpleQueue[Future], client: Client) -> Future | None:
    try:
        return ends.get(timeout=POLL_S)
    except queue.Empty:
        if client.status != "running":
            raise _SchedulerLostError from None
        return None


def _outcome(future: Future, job: Job) -> dict[str, Any]:
    if future.cancelled():
        raise _SchedulerLostError
    error = future.exception()
    if error is None:
        outcome: dict[str, Any] = future.result()
        return outcome
    if not isinstance(error, RefineError):
        error = WorkerError(
            f"The workers that had this case ended, or could not do it: {error}".splitlines()[0],
            "Run the same command again; if it fails again, look into the log of the workers.",
        )
    return CaseOutcome(job["case"], error=error).as_dict()


class _Room:
    """How many jobs the workers take at a time; looked up now and then, since workers come and go."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read_at = float("-inf")
        self._threads = 1
        self._has_gpu = False

    def threads(self) -> int:
        """Return the number of jobs that can be with the workers now."""
        if time.monotonic() - self._read_at > ROOM_REFRESH_S and self._client.status == "running":
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            self._threads = max(1, sum(worker["nthreads"] for worker in workers))
            self._has_gpu = any(GPU in worker["resources"] for worker in workers)
            self._read_at = time.monotonic()
        return self._threads

    def needs(self, job: Job) -> dict[str, float] | None:
        """Return the resources that a job asks for: part of a card, where a worker has one and the job may use it."""
        return {GPU: GPU_SHARE} if self._has_gpu and job.get("device", "auto") != "cpu" else None


@contextmanager
def _connected(address: str, patience_s: float, on_wait: Callable[[str], None] | None) -> Iterator[Client]:
    """Connect to a scheduler that has a worker, waiting for both."""
    distributed = _distributed()
    if on_wait is not None:
        on_wait(f"connecting to {address}")
    try:
        client = distributed.Client(address, timeout=patience_s, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise WorkerError(
            f"No Dask scheduler answers at {address}.", "Start one (dask scheduler), or use --workers for this machine."
        ) from error
    try:
        _wait_for_a_worker(client, address, patience_s)
        yield client
    finally:
        with suppress(TimeoutError):  # A scheduler that is gone does not answer.
            client.close(timeout=GOODBYE_S)


def _wait_for_a_worker(client: Client, address: str, patience_s: float) -> None:
    try:
        client.wait_for_workers(1, timeout=patience_s)
    except TimeoutError as error:
        raise WorkerError(
            f"The Dask scheduler at {address} has no worker.", f"Start one where the models run: dask worker {address}"
        ) from error


def _with_card(index: int) -> dict[str, Any]:
    return {"resources": {GPU: 1}, "env": {"CUDA_VISIBLE_DEVICES": str(index)}}


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingDependencyError(
            "Several workers need Dask, which is not installed.", 'Install it: pip install "spine-gt-refine[batch]"'
        ) from error
    return distributed
