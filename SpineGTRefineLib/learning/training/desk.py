"""The one job of learning that a page has running, and how it ended; decided without a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from ...bids import Dataset
from ...engine import Engine, Progress, State, Ticket
from ...errors import MissingFileError, UsageError
from ..settings import TrainingSettings
from ..versions import Version, versions_folder
from .jobs import building_job, ranking_job, shipping_job, training_job
from .overview import ModelRow
from .regions import usual_regions
from .request import training_request

Level = Literal["info", "good", "warning", "error"]
Trainer = Literal["no-mirroring", "mirroring", "regions"]
TRAINERS: tuple[Trainer, ...] = ("no-mirroring", "mirroring", "regions")

STOPPING = "stopping"
"""Stage of a job that was asked to stop."""


@dataclass(frozen=True)
class Work:
    """The job that runs: what it is for, what it does now, its part that is done (0 to 1), seconds left if known."""

    title: str
    stage: str = "starting"
    part: float = 0.0
    left_s: float | None = None


@dataclass(frozen=True)
class Ended:
    """How the last job ended."""

    level: Level
    text: str
    task: str


@dataclass(frozen=True)
class Choices:
    """What a training is told on a page: version, model to begin from ("" for none), settings, trainer."""

    version: str
    start: str
    settings: TrainingSettings
    trainer: Trainer = "no-mirroring"


class LearnDesk:
    """One job of learning at a time, in a process of its own.

    Parameters
    ----------
    dataset
        What is learned from.
    make_engine
        Makes the engine when the first job is given, see :func:`.worker.learning_engine`.
    on_change
        Called when something that a page shows has changed, on the thread that the engine delivers to.
    """

    def __init__(self, dataset: Dataset, make_engine: Callable[[], Engine], on_change: Callable[[], None]) -> None:
        self.work: Work | None = None
        self.ended: Ended | None = None
        self._dataset = dataset
        self._make_engine = make_engine
        self._on_change = on_change
        self._engine: Engine | None = None
        self._ticket: Ticket | None = None

    def build(self, mask: str) -> None:
        """Build the next version of a kind of mask."""
        self._begin("build", f"Building a version of {mask} masks", building_job(self._dataset, mask))

    def train(self, choices: Choices) -> None:
        """Train on a version, from nothing or from a model.

        Raises
        ------
        UsageError
            A job runs already, no version is chosen, no regions are known for this kind of mask, or the settings do
            not fit (see :func:`.request.training_request`).
        """
        if not choices.version:
            raise UsageError("No version is chosen.", "Build a version first.")
        place = versions_folder(self._dataset.output) / choices.version
        version = Version.open(place, self._dataset.root, self._dataset.output)
        regions = usual_regions(version.mask_type.name) if choices.trainer == "regions" else {}
        request = training_request(
            version,
            settings=replace(choices.settings, mirroring=choices.trainer == "mirroring"),
            regions=regions,
            start=choices.start,
        )
        self._begin("train", f"Training {request.name}", training_job(request))

    def ship(self, model: str, device: str = "auto") -> None:
        """Ship a model: its best fold alone, and its challenge to the champion."""
        self._begin("ship", f"Comparing {model}", shipping_job(self._dataset, model, device=device))

    def rank(self, mask: str, row: ModelRow) -> None:
        """Rank the masks against what a model made of cases that it did not see.

        Raises
        ------
        MissingFileError
            Its predictions are not there.
        """
        if not row.predictions.is_dir():
            raise MissingFileError(
                f"There are no masks of {row.name} in {row.predictions}.", "Train a model on this machine first."
            )
        job = ranking_job(self._dataset, mask, {row.name: row.predictions})
        self._begin("rank", f"Ranking {mask} masks", job)

    def stop(self) -> None:
        """Stop the job; a training goes on from its last epoch when it is begun again."""
        if self._engine is not None and self._ticket is not None and self.work is not None:
            self._engine.cancel(self._ticket)
            self.work = replace(self.work, stage=STOPPING)
            self._on_change()

    def end(self) -> None:
        """Let go of the worker; what it does is lost since the last epoch."""
        if self._engine is not None:
            self._engine.shutdown()
        self._engine = self._ticket = self.work = None

    def _begin(self, task: str, title: str, job: dict[str, Any]) -> None:
        if self.work is not None:
            raise UsageError(f"{self.work.title} is not done yet.", "Wait for it, or stop it.")
        if self._engine is None:
            self._engine = self._make_engine()
        self.work, self.ended = Work(title), None
        self._ticket = self._engine.submit(
            job, on_progress=self._on_progress, on_end=lambda ticket: self._on_end(task, ticket)
        )
        self._on_change()

    def _on_progress(self, progress: Progress) -> None:
        if self.work is not None and self.work.stage != STOPPING:  # the last words of a step say nothing new
            stage = f"{progress.stage}, {progress.detail}" if progress.detail else progress.stage
            self.work = replace(self.work, stage=stage, part=progress.fraction, left_s=progress.eta_s)
            self._on_change()

    def _on_end(self, task: str, ticket: Ticket) -> None:
        self.work = self._ticket = None
        if ticket.state is State.DONE and ticket.result is not None:
            self.ended = Ended(*_WORDS[task](ticket.result), task)
        else:
            level: Level = "info" if ticket.state is State.CANCELLED else "error"
            self.ended = Ended(level, str(ticket.error or "The worker ended without a word."), task)
        self._on_change()


def _built(result: dict[str, Any]) -> tuple[Level, str]:
    left_out = f", {len(result['left_out'])} are left out" if result["left_out"] else ""
    return "good", f"{result['version']} is built: {result['train']} cases train, {result['test']} test{left_out}."


def _trained(result: dict[str, Any]) -> tuple[Level, str]:
    card = result["card"]
    dice = card["Test"]["Dice"] if card["Test"]["Dice"] is not None else card["OutOfFold"]["Dice"]
    score = "" if dice is None else f", mean Dice {dice:.3f}"
    return "good", f"{result['model']} is trained and installed{score}."


def _shipped(result: dict[str, Any]) -> tuple[Level, str]:
    challenge = result["challenge"]
    if challenge["promoted"]:
        return "good", f"{result['model']} is the champion now. {challenge['reason']}"
    return "info", f"{challenge['champion']} stays the champion. {challenge['reason']}"


def _ranked(result: dict[str, Any]) -> tuple[Level, str]:
    failed = f"; {len(result['failed'])} could not be read" if result["failed"] else ""
    return "good", f"{result['ranked']} masks are ranked; the likeliest wrong ones come first{failed}."


_WORDS: dict[str, Callable[[dict[str, Any]], tuple[Level, str]]] = {
    "build": _built,
    "train": _trained,
    "ship": _shipped,
    "rank": _ranked,
}
