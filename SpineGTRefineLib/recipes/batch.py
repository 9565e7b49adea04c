"""Run a recipe over a dataset: one failing case never stops the rest, and what is done is not done again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..bids import Case, Dataset
from ..imaging import read_image
from ..models import InstalledModel, LoadedModel, ModelStore, load_model, predict
from .companions import read_companions
from .definition import Recipe
from .folder_outcome import CaseOutcome, attempted
from .guards import contrast_of
from .model_choice import find_model
from .network import Predict
from .runner import run_recipe
from .saving import already_done, save_result
from .tool_runs import ToolPlace


@dataclass(frozen=True)
class RunSettings:
    """How a recipe runs over a dataset.

    Parameters
    ----------
    device
        ``auto``, ``cpu``, ``cuda``, ``mps``.
    contrast
        Contrast of all images as stated by the user; None to take it from each name.
    again
        Run also where the same model ran on the same image before.
    mode
        ``exact`` or ``fast``, see :func:`SpineGTRefineLib.models.predict`.
    """

    device: str = "auto"
    contrast: str | None = None
    again: bool = False
    mode: str = "exact"


def run_on_dataset(
    recipe: Recipe,
    dataset: Dataset,
    cases: Iterable[Case],
    model: InstalledModel,
    settings: RunSettings = RunSettings(),
    *,
    progress: Callable[[str, float, str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    store: ModelStore | None = None,
    run: Predict = predict,
) -> Iterator[CaseOutcome]:
    """Run a recipe on each case and save its proposal; yield an outcome after each.

    Parameters
    ----------
    recipe, dataset, cases, model
        What to run on what. The model is loaded once, when the first case needs it.
    settings
        See :class:`RunSettings`.
    progress
        Called with the case's key, the part of it that is done, and the stage.
    cancel
        Asked between tiles; the rest is not begun once it returns True.
    store
        Where further models are found that the recipe asks for; None for the user's own.

    Raises
    ------
    CancelledError
        ``cancel`` returned True. What was saved before stays.
    """
    find = partial(find_model, store or ModelStore())
    load = _loading_once()

    def one(case: Case) -> CaseOutcome:
        image = read_image(case.image)
        companions = read_companions(dataset, case, recipe, image)
        if not settings.again and already_done(dataset, case, recipe, model, image, companions):
            return CaseOutcome(case.key, skipped=True)
        result = run_recipe(
            recipe,
            image,
            model,
            contrast=settings.contrast or contrast_of(case),
            contrast_stated=settings.contrast is not None,
            companions=companions,
            find_model=find,
            warm_model=load if run is predict else None,
            loaded=load(model) if run is predict else None,
            tools=ToolPlace(dataset, case),
            device=settings.device,
            mode=settings.mode,
            progress=None if progress is None else partial(progress, case.key),
            cancel=cancel,
            run=run,
        )
        return CaseOutcome(case.key, save_result(dataset, case, recipe, image, result), notes=result.warnings)

    for case in cases:
        yield attempted(case.key, partial(one, case))


def _loading_once() -> Callable[[InstalledModel], LoadedModel]:
    """Return a function that loads each model when it is first asked for, and keeps it."""
    loaded: dict[Path, LoadedModel] = {}

    def load(model: InstalledModel) -> LoadedModel:
        if model.path not in loaded:
            loaded[model.path] = load_model(model)
        return loaded[model.path]

    return load
