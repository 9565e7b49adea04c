"""Run a recipe over a dataset: one failing case never stops the rest, and what is done is not done again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..bids import Case, Dataset
from ..errors import CancelledError, RefineError, UnexpectedError
from ..imaging import read_image
from ..models import InstalledModel, LoadedModel, ModelStore, load_model, predict
from .companions import read_companions
from .definition import Recipe
from .folder_outcome import CaseOutcome
from .guards import contrast_of
from .model_choice import find_model
from .network import Predict
from .runner import run_recipe
from .saving import already_done, save_result
from .tool_runs import ToolPlace

logger = logging.getLogger(__name__)


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
    warm: LoadedModel | None = None
    find = partial(find_model, store or ModelStore())
    load = _loading_once()
    for case in cases:
        begin = time.perf_counter()
        report = None if progress is None else _for_case(progress, case.key)
        try:
            image = read_image(case.image)
            companions = read_companions(dataset, case, recipe, image)
            if not settings.again and already_done(dataset, case, recipe, model, image, companions):
                yield CaseOutcome(case.key, skipped=True)
                continue
            if warm is None and run is predict:
                warm = load(model)
            result = run_recipe(
                recipe,
                image,
                model,
                contrast=settings.contrast or contrast_of(case),
                contrast_stated=settings.contrast is not None,
                companions=companions,
                find_model=find,
                warm_model=load if run is predict else None,
                loaded=warm,
                tools=ToolPlace(dataset, case),
                device=settings.device,
                mode=settings.mode,
                progress=report,
                cancel=cancel,
                run=run,
            )
            saved = save_result(dataset, case, recipe, image, result)
        except CancelledError:
            raise
        except Exception as error:  # also a defect of ours, or of a library: it is this case's, and the others go on
            known = error if isinstance(error, RefineError) else UnexpectedError.of(error)
            logger.debug("%s failed", case.key, exc_info=error)
            yield CaseOutcome(case.key, error=known, seconds=time.perf_counter() - begin)
        else:
            yield CaseOutcome(case.key, saved, notes=result.warnings, seconds=time.perf_counter() - begin)


def _loading_once() -> Callable[[InstalledModel], LoadedModel]:
    """Return a function that loads each model when it is first asked for, and keeps it."""
    loaded: dict[Path, LoadedModel] = {}

    def load(model: InstalledModel) -> LoadedModel:
        if model.path not in loaded:
            loaded[model.path] = load_model(model)
        return loaded[model.path]

    return load


def _for_case(progress: Callable[[str, float, str], None], key: str) -> Callable[[float, str], None]:
    return lambda part, stage: progress(key, part, stage)
