"""What the learning worker does: build a version, train, ship, rank; each in plain values, in a process of its own.

A job is ``{"task": NAME, ...}``; what else it holds is said by the function that makes it, and the result by the
function that does it. Building and ranking need no PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...bids import Dataset, mask_type
from ...engine.worker import Job, JobContext
from ...errors import CancelledError
from ...process.memory import reuse_freed_memory
from ..ranking.dataset import Predictions, rank_dataset, save_ranking
from ..versions import BuildSettings, Version, build_version, latest_version
from .report import Report
from .request import TrainingRequest
from .run import train_version
from .shipping import ship_model

HANDLER = "learning.training.jobs:LearningJobs"
"""How the worker is told to do these jobs; see :func:`~SpineGTRefineLib.engine.worker_command`."""


def training_job(request: TrainingRequest, *, keep_prepared: bool = False) -> Job:
    """Return the job that trains; its result is ``{"model", "card", "predictions"}``."""
    return {"task": "train", "request": request.as_json(), "keep_prepared": keep_prepared}


def shipping_job(
    dataset: Dataset, model: str, *, as_name: str | None = None, versions: Path | None = None, device: str = "auto"
) -> Job:
    """Return the job that ships a model; its result is ``{"model", "fold", "challenge", "comparison"}``."""
    place = None if versions is None else str(versions)
    return {"task": "ship", **_place(dataset), "model": model, "as": as_name, "versions": place, "device": device}


def building_job(dataset: Dataset, mask: str) -> Job:
    """Return the job that builds the next version; its result is ``{"version", "train", "test", "left_out"}``.

    It follows the latest version of these masks, and leaves out cases that cannot be learned from, with reasons.
    """
    return {"task": "build", **_place(dataset), "mask": mask}


def ranking_job(dataset: Dataset, mask: str, sources: Mapping[str, Path]) -> Job:
    """Return the job that ranks masks against models' masks by name; its result is ``{"file", "ranked", "failed"}``."""
    folders = {name: str(folder) for name, folder in sources.items()}
    return {"task": "rank", **_place(dataset), "mask": mask, "sources": folders}


class LearningJobs:
    """The worker's handler (see :class:`~SpineGTRefineLib.engine.worker.JobHandler`)."""

    def __init__(self) -> None:
        reuse_freed_memory()  # every step of a training asks for the same

    def prepare(self, job: Job, context: JobContext) -> None:
        """Read nothing ahead: a training takes all that the machine has."""

    def compute(self, job: Job, prepared: None, context: JobContext) -> dict[str, Any]:
        """Do the job."""
        del prepared
        return _TASKS[job["task"]](job, _reporting(context), context.cancelled.is_set)

    def finish(self, job: Job, computed: dict[str, Any], context: JobContext) -> dict[str, Any]:
        """Pass the result on."""
        del job, context
        return computed

    def unload(self) -> None:
        """Keep nothing between jobs."""

    def status(self) -> dict[str, Any]:
        """Hold no models."""
        return {"models": []}


Cancel = Callable[[], bool]


def _train(job: Job, report: Report, cancel: Cancel) -> dict[str, Any]:
    request = TrainingRequest.from_json(job["request"])
    trained = train_version(request, report=report, cancel=cancel, keep_prepared=job["keep_prepared"])
    return {"model": trained.model.entry.name, "card": dict(trained.card), "predictions": str(trained.predictions)}


def _ship(job: Job, report: Report, cancel: Cancel) -> dict[str, Any]:
    versions = None if job["versions"] is None else Path(job["versions"])
    shipped = ship_model(
        _dataset(job),
        job["model"],
        as_name=job["as"],
        versions=versions,
        device=job["device"],
        report=report,
        cancel=cancel,
    )
    return {
        "model": shipped.model.entry.name,
        "fold": shipped.fold,
        "challenge": asdict(shipped.challenge),
        "comparison": shipped.comparison.as_dict() if shipped.comparison else None,
    }


def _build(job: Job, report: Report, cancel: Cancel) -> dict[str, Any]:
    dataset, kind = _dataset(job), mask_type(job["mask"])
    version: Version = build_version(
        dataset,
        kind,
        BuildSettings(bad="leave-out"),
        parent=latest_version(dataset, kind),
        progress=lambda done, total, case: report(done / total, "reading the masks", case),
        cancel=cancel,
    )
    return {
        "version": version.name,
        "train": len(version.cases("train")),
        "test": len(version.cases("test")),
        "left_out": [asdict(entry) for entry in version.left_out],
    }


def _rank(job: Job, report: Report, cancel: Cancel) -> dict[str, Any]:
    dataset = _dataset(job)

    def progress(done: int, total: int, case: str) -> None:
        if cancel():
            raise CancelledError("The ranking was stopped.")
        report(done / total, "reading the masks", case)

    sources = [Predictions(name, Path(folder)) for name, folder in job["sources"].items()]
    ranking = rank_dataset(dataset, mask_type(job["mask"]), sources, progress=progress)
    path = save_ranking(dataset, ranking.rows)
    return {"file": str(path), "ranked": len(ranking.rows), "failed": [case for case, _ in ranking.failures]}


_TASKS: dict[str, Callable[[Job, Report, Cancel], dict[str, Any]]] = {
    "train": _train,
    "ship": _ship,
    "build": _build,
    "rank": _rank,
}


def _reporting(context: JobContext) -> Report:
    def report(part: float, stage: str, detail: str = "", *, timed: bool = False) -> None:
        context.progress(stage, part, detail=detail, timed=timed)

    return report


def _place(dataset: Dataset) -> dict[str, str]:
    return {"dataset": str(dataset.root), "output": str(dataset.output), "profile": dataset.profile.name}


def _dataset(job: Job) -> Dataset:
    return Dataset.open(Path(job["dataset"]), Path(job["output"]), job["profile"])
