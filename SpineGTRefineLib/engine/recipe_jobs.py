"""What the worker does with a job: read the case, run the recipe with a warm model, save the proposal.

A job is ``{"dataset", "output", "profile", "case", "recipe", "model", "device", "mode", "contrast", "again",
"settings"}``; its result is the JSON form of the case's outcome with its plan. Paths travel, voxels do not: the worker
reads the very file that is on disk.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..bids import Case, Dataset
from ..imaging import Image, read_image
from ..models import InstalledModel, LoadedModel, ModelStore
from ..models.backends import openvino
from ..models.devices import choose_device
from ..process.memory import reuse_freed_memory
from ..recipes.companions import Companions, read_companions
from ..recipes.definition import Recipe, recipe
from ..recipes.folder_outcome import CaseOutcome
from ..recipes.guards import contrast_of
from ..recipes.model_choice import choose_model, find_model
from ..recipes.runner import RecipeResult, run_recipe
from ..recipes.saving import already_done, save_result
from ..recipes.tool_runs import ToolPlace
from .machine import describe_card, describe_machine
from .plan import Plan, plan_run
from .warm_models import WarmModels
from .worker import Job, JobContext


def recipe_job(dataset: Dataset, case: Case, recipe_name: str, **settings: Any) -> Job:
    """Return the job that runs a recipe on a case; ``settings``: model, device, mode, contrast, again, settings."""
    return {
        "dataset": str(dataset.root),
        "output": str(dataset.output),
        "profile": dataset.profile.name,
        "case": case.key,
        "image": str(case.image),
        "recipe": recipe_name,
        **settings,
    }


@dataclass(frozen=True)
class _Prepared:
    dataset: Dataset
    case: Case
    recipe: Recipe
    image: Image
    model: InstalledModel
    companions: Companions
    done: bool
    seconds: float
    """Time spent on the case so far; the time that it waited for its turn is not counted."""
    plan: Plan | None = None


class RecipeJobs:
    """The worker's handler for recipes (see :class:`~SpineGTRefineLib.engine.worker.JobHandler`)."""

    def __init__(self, store: ModelStore | None = None) -> None:
        if not openvino.is_installed():  # it would gain nothing, and take twice the memory
            reuse_freed_memory()
        self._store = store or ModelStore()
        self._warm = WarmModels()
        self._speeds: dict[tuple[str, ...], float] = {}
        """Operations a second by recipe, model, device and mode: recipes run a model on more or less of an image."""
        self._datasets: dict[tuple[str, str, str], Dataset] = {}
        self._lock = threading.Lock()

    def prepare(self, job: Job, context: JobContext) -> _Prepared:
        """Read the image (on the reading thread)."""
        context.progress("reading the image", 0.0)
        begin = time.perf_counter()
        dataset = self._dataset(job)
        case = dataset.case(job["case"])
        chosen = recipe(job["recipe"]).with_settings(job.get("settings") or {})
        image = read_image(case.image)
        model = choose_model(chosen, self._store, job.get("model"))
        companions = read_companions(dataset, case, chosen, image)
        read = _Prepared(dataset, case, chosen, image, model, companions, done=False, seconds=0.0)
        return replace(read, done=_is_done(job, read), seconds=time.perf_counter() - begin)

    def compute(self, job: Job, prepared: _Prepared, context: JobContext) -> tuple[_Prepared, RecipeResult | None]:
        """Run the network (one job at a time)."""
        if prepared.done:
            return prepared, None
        begin = time.perf_counter()
        context.progress("loading the model", 0.0)
        loaded = self._warm.get(prepared.model)
        plan = self._plan(job, prepared, loaded)
        plan.raise_if_refused()
        context.progress(f"preparing the image ({plan.summary})", 0.0)
        tile: tuple[int, int] | tuple[None, None] = (None, None)

        def on_tile(number: int, total: int) -> None:
            nonlocal tile
            tile = (number, total)

        result = run_recipe(
            prepared.recipe,
            prepared.image,
            prepared.model,
            contrast=job.get("contrast") or contrast_of(prepared.case),
            contrast_stated=bool(job.get("contrast")),
            companions=prepared.companions,
            find_model=partial(find_model, self._store),
            warm_model=self._warm.get,
            loaded=loaded,
            tools=ToolPlace(prepared.dataset, prepared.case),
            device=plan.device,
            mode=job.get("mode", "exact"),
            progress=lambda part, stage: context.progress(stage, part, *tile),
            cancel=context.cancelled.is_set,
            on_tile=on_tile,
        )
        if result.provenance.get("device") == plan.device and result.timings.get("network"):
            self._speeds[_kind_of_run(job, prepared, plan.device)] = plan.operations / result.timings["network"]
        return replace(prepared, plan=plan, seconds=prepared.seconds + time.perf_counter() - begin), result

    def finish(self, job: Job, computed: tuple[_Prepared, RecipeResult | None], context: JobContext) -> dict[str, Any]:
        """Save the proposal (on the writing thread) and return the outcome."""
        prepared, result = computed
        if result is None or _is_done(job, prepared):  # A worker of a run that was killed may have been quicker.
            return CaseOutcome(prepared.case.key, skipped=True, seconds=prepared.seconds).as_dict()
        begin = time.perf_counter()
        context.raise_if_cancelled()
        saved = save_result(prepared.dataset, prepared.case, prepared.recipe, prepared.image, result)
        plan = prepared.plan
        notes = (*result.warnings, *(plan.notes if plan else ()))
        seconds = prepared.seconds + time.perf_counter() - begin
        outcome = CaseOutcome(prepared.case.key, saved, notes=notes, seconds=seconds)
        more = {"timings": dict(result.timings), "provenance": dict(result.provenance)}
        more["problems"] = [problem.as_dict() for problem in result.problems]
        return outcome.as_dict() | more | {"plan": plan.as_dict() if plan else None}

    def unload(self) -> None:
        """Give the models' memory back, also that of the GPU."""
        self._warm.clear()

    def status(self) -> dict[str, Any]:
        """Return the warm models."""
        return {"models": self._warm.names()}

    def _plan(self, job: Job, prepared: _Prepared, loaded: LoadedModel) -> Plan:
        device = str(choose_device(job.get("device", "auto")))
        speed = self._speeds.get(_kind_of_run(job, prepared, device))
        machine = describe_machine(device, describe_card(device), operations_per_s=speed)
        configuration = str(loaded.identity["configuration"])
        geometry = prepared.image.geometry
        return plan_run(prepared.model, geometry, machine, folder=loaded.folder, configuration=configuration)

    def _dataset(self, job: Job) -> Dataset:
        """Open the dataset of a job once, and again when a case is not in it yet."""
        key = (job["dataset"], job["output"], job["profile"])
        with self._lock:
            known = self._datasets.get(key)
            if known is None or all(case.key != job["case"] for case in known):
                opened = Dataset.open(Path(job["dataset"]), Path(job["output"]), job["profile"])
                if all(case.key != job["case"] for case in opened):
                    opened = Dataset.open(Path(job["image"]), Path(job["output"]), job["profile"])
                self._datasets[key] = opened
            return self._datasets[key]


def _is_done(job: Job, prepared: _Prepared) -> bool:
    """Whether the mask of a case was made before, and is not asked for again."""
    asked = (prepared.dataset, prepared.case, prepared.recipe, prepared.model, prepared.image, prepared.companions)
    return not job.get("again", False) and already_done(*asked)


def _kind_of_run(job: Job, prepared: _Prepared, device: str) -> tuple[str, ...]:
    """Return what runs of one speed have in common."""
    return prepared.recipe.name, prepared.model.entry.name, device, job.get("mode", "exact")
