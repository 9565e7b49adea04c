"""What the worker does with a job: read the case, run the recipe with a warm model, save the proposal.

A job is ``{"dataset", "output", "profile", "case", "recipe", "model", "device", "contrast", "again"}``; its result is
the JSON form of the case's outcome. Paths travel, voxels do not: the worker reads the very file that is on disk.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bids import Case, Dataset
from ..imaging import Image, read_image
from ..models import InstalledModel, LoadedModel, ModelStore, load_model
from ..recipes.batch import already_done, save_result
from ..recipes.definition import Recipe, recipe
from ..recipes.folder_outcome import CaseOutcome
from ..recipes.runner import RecipeResult, choose_model, run_recipe
from .worker import Job, JobContext

WARM_MODELS = 2
"""How many models stay loaded; the one that was used longest ago goes first."""


def recipe_job(dataset: Dataset, case: Case, recipe_name: str, **settings: Any) -> Job:
    """Return the job that runs a recipe on a case; ``settings``: model, device, contrast, again."""
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
    done: bool
    begin: float


class WarmModels:
    """Loaded models, the most recently used last."""

    def __init__(self, capacity: int = WARM_MODELS) -> None:
        self._capacity = capacity
        self._models: OrderedDict[str, LoadedModel] = OrderedDict()

    def get(self, model: InstalledModel) -> LoadedModel:
        """Return a model, loading it if it is not warm or was replaced on disk."""
        key = "\n".join([str(model.path), *sorted(model.hashes.values())])
        if key not in self._models:
            while len(self._models) >= self._capacity:
                self._models.popitem(last=False)
            self._models[key] = load_model(model)
        self._models.move_to_end(key)
        return self._models[key]

    def names(self) -> list[str]:
        """Names of the warm models."""
        return [model.entry.name for model in self._models.values()]

    def clear(self) -> None:
        """Forget all of them and give their memory back."""
        self._models.clear()


class RecipeJobs:
    """The worker's handler for recipes (see :class:`~SpineGTRefineLib.engine.worker.JobHandler`)."""

    def __init__(self, store: ModelStore | None = None) -> None:
        self._store = store or ModelStore()
        self._warm = WarmModels()
        self._datasets: dict[tuple[str, str, str], Dataset] = {}
        self._lock = threading.Lock()

    def prepare(self, job: Job, context: JobContext) -> _Prepared:
        """Read the image (on the reading thread)."""
        context.progress("reading the image", 0.0)
        begin = time.perf_counter()
        dataset = self._dataset(job)
        case = dataset.case(job["case"])
        chosen = recipe(job["recipe"])
        image = read_image(case.image)
        model = choose_model(chosen, self._store, job.get("model"))
        done = not job.get("again", False) and already_done(dataset, case, chosen, model, image)
        return _Prepared(dataset, case, chosen, image, model, done, begin)

    def compute(self, job: Job, prepared: _Prepared, context: JobContext) -> tuple[_Prepared, RecipeResult | None]:
        """Run the network (one job at a time)."""
        if prepared.done:
            return prepared, None
        context.progress("loading the model", 0.0)
        result = run_recipe(
            prepared.recipe,
            prepared.image,
            prepared.model,
            contrast=job.get("contrast") or prepared.case.contrast,
            contrast_stated=bool(job.get("contrast")),
            loaded=self._warm.get(prepared.model),
            device=job.get("device", "auto"),
            progress=lambda part, stage: context.progress(stage, part),
            cancel=context.cancelled.is_set,
        )
        return prepared, result

    def finish(self, job: Job, computed: tuple[_Prepared, RecipeResult | None], context: JobContext) -> dict[str, Any]:
        """Save the proposal (on the writing thread) and return the outcome."""
        del job
        prepared, result = computed
        seconds = time.perf_counter() - prepared.begin
        if result is None:
            return CaseOutcome(prepared.case.key, skipped=True, seconds=seconds).as_dict()
        context.raise_if_cancelled()
        saved = save_result(prepared.dataset, prepared.case, prepared.recipe, prepared.image, result)
        outcome = CaseOutcome(prepared.case.key, saved, notes=result.warnings, seconds=seconds)
        return outcome.as_dict() | {"timings": dict(result.timings), "provenance": dict(result.provenance)}

    def unload(self) -> None:
        """Give the models' memory back, also that of the GPU."""
        self._warm.clear()
        _empty_gpu_cache()

    def status(self) -> dict[str, Any]:
        """Return the warm models."""
        return {"models": self._warm.names()}

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


def _empty_gpu_cache() -> None:
    try:
        import torch
    except ImportError:
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
