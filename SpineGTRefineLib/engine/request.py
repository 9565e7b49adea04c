"""A recipe on cases of a dataset, as a person asks for it: refused at once if it cannot work, then run on each case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..bids import Case, Dataset
from ..errors import MissingFileError, UsageError
from ..models import InstalledModel, ModelStore
from ..models.backends import MODES
from ..process.environments import check_python
from ..recipes.batch import RunSettings, run_on_dataset
from ..recipes.definition import Recipe, recipe
from ..recipes.model_choice import choose_model, find_model
from ..recipes.tool_weights import require_tools
from .batch import run_jobs
from .client import Engine
from .cluster import local_cluster, run_on_cluster
from .launch import find_python, worker_command
from .plan import duration
from .recipe_jobs import recipe_job
from .tickets import Progress

Show = Callable[[int, int, str], None]
"""Told how many cases are done, of how many, and what is going on. In a worker's run it is called on other threads."""


@dataclass(frozen=True)
class RecipeRequest:
    """What is to be run on what.

    Parameters
    ----------
    recipe
        With the settings that were stated for this run.
    dataset, cases
        The dataset, and the cases of it that are meant.
    model
        The model that runs.
    settings
        How it runs.
    """

    recipe: Recipe
    dataset: Dataset
    cases: tuple[Case, ...]
    model: InstalledModel
    settings: RunSettings

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        recipe_name: str,
        *,
        cases: Sequence[str] = (),
        model: str | None = None,
        stated: Mapping[str, Any] | None = None,
        settings: RunSettings | None = None,
        store: ModelStore | None = None,
    ) -> RecipeRequest:
        """Check a request.

        Parameters
        ----------
        dataset
            The dataset.
        recipe_name
            Name of the recipe.
        cases
            Keys of cases or subjects (with or without ``sub-``); none for all.
        model
            Name of the model; None for the recipe's first one that is installed.
        stated
            Settings of the recipe for this run.
        settings
            How it runs; None for the defaults.
        store
            Where models are found; None for the user's own.

        Raises
        ------
        UsageError
            A recipe, case, setting, model or mode is not known; what there is stands in the message or the remedy.
        MissingFileError
            The dataset holds no image.
        MissingDependencyError
            A tool that the recipe runs is not here.
        ModelNotInstalledError, LabelError
            See :func:`~SpineGTRefineLib.recipes.model_choice.choose_model`.
        """
        chosen = recipe(recipe_name).with_settings(stated or {})
        how = settings or RunSettings()
        if how.mode not in MODES:
            raise UsageError(f"Unknown mode {how.mode!r}.", f"Choose from: {', '.join(MODES)}.")
        if not len(dataset):
            raise MissingFileError(f"There is no image in {dataset.root}.", "See what was found: spine-gt-refine index")
        models = store or ModelStore()
        installed = choose_model(chosen, models, model)
        require_tools(chosen.steps.tools_for(chosen.settings), partial(find_model, models), chosen.settings)
        return cls(chosen, dataset, dataset.select(cases), installed, how)

    @property
    def title(self) -> str:
        """What runs, for people."""
        return f"{self.recipe.title} ({self.model.entry.name})"

    def in_worker(
        self, python: str | Path | None, show: Show, on_log: Callable[[str], None] | None = None
    ) -> list[dict[str, Any]]:
        """Run it in a process of its own, which keeps models loaded from case to case; wait for all cases.

        Parameters
        ----------
        python
            The Python that runs models, see :func:`.launch.find_python`.
        show
            See :data:`Show`.
        on_log
            Called with each line of the worker's log.

        Returns
        -------
        list of dict
            An outcome per case, in the order of the cases.
        """
        engine = Engine(worker_command(find_python(python)), on_log=on_log)
        outcomes: list[dict[str, Any]] = []
        total = len(self.cases)

        def report(key: str, progress: Progress) -> None:
            show(len(outcomes), total, f"{key}: {_in_words(progress)}")

        try:
            show(0, total, "starting the worker")
            for outcome in run_jobs(engine, self._jobs(), report):
                outcomes.append(outcome)
                show(len(outcomes), total, outcome["case"])
        finally:
            engine.shutdown()
        return self._in_order(outcomes)

    def on_cluster(self, address: str, python: str | Path | None, show: Show) -> list[dict[str, Any]]:
        """Run it on the workers of a Dask scheduler; the same outcomes as :meth:`in_worker`.

        Parameters
        ----------
        address, python
            See :func:`.cluster.run_on_cluster`.
        show
            See :data:`Show`.
        """
        outcomes: list[dict[str, Any]] = []
        total = len(self.cases)

        def wait(reason: str) -> None:
            show(len(outcomes), total, reason)

        for outcome in run_on_cluster(address, self._jobs(), python=str(python) if python else None, on_wait=wait):
            outcomes.append(outcome)
            show(len(outcomes), total, outcome["case"])
        return self._in_order(outcomes)

    def on_this_machine(self, workers: int, python: str | Path | None, show: Show) -> list[dict[str, Any]]:
        """Run it in several workers of this machine; the same outcomes as :meth:`in_worker`.

        Parameters
        ----------
        workers
            How many; 0 for one per graphics card, or one for every two cores where there is none.
        python, show
            See :meth:`in_worker`.
        """
        interpreter = find_python(python)
        gpu = None if self.settings.device == "cpu" else check_python(interpreter, ["torch"]).gpu
        with local_cluster(workers or None, gpus=gpu["count"] if gpu else 0) as address:
            return self.on_cluster(address, interpreter, show)

    def in_this_process(self, show: Show) -> list[dict[str, Any]]:
        """Run it in this very process; the same outcomes as :meth:`in_worker`."""
        outcomes: list[dict[str, Any]] = []
        show(0, len(self.cases), "")
        for outcome in run_on_dataset(self.recipe, self.dataset, self.cases, self.model, self.settings):
            outcomes.append(outcome.as_dict())
            show(len(outcomes), len(self.cases), outcome.key)
        return outcomes

    def _in_order(self, outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        order = {case.key: number for number, case in enumerate(self.cases)}
        return sorted(outcomes, key=lambda outcome: order[outcome["case"]])

    def _jobs(self) -> Iterator[dict[str, Any]]:
        settings = self.settings
        for case in self.cases:
            yield recipe_job(
                self.dataset,
                case,
                self.recipe.name,
                model=self.model.entry.name,
                device=settings.device,
                contrast=settings.contrast,
                settings=dict(self.recipe.stated),
                again=settings.again,
                **({} if settings.mode == "exact" else {"mode": settings.mode}),
            )


def _in_words(progress: Progress) -> str:
    tile = f", tile {progress.tile} of {progress.tiles}" if progress.tile else ""
    left = f", {duration(progress.eta_s)} left" if progress.eta_s is not None else ""
    return f"{progress.stage}{tile}{left}"
