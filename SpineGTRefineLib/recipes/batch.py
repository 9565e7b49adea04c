"""Run a recipe over a dataset: one failing case never stops the rest, and what is done is not done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..bids import Case, Dataset, SavedMask, save_mask
from ..bids.pairs import read_pair
from ..bids.profiles import PROPOSAL, REFINED
from ..errors import CancelledError, RefineError
from ..imaging import Image, read_image
from ..models import InstalledModel, LoadedModel, load_model, predict
from .definition import Recipe
from .folder_outcome import CaseOutcome
from .guards import contrast_of
from .runner import Predict, RecipeResult, run_recipe, weights_sha256


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
    """

    device: str = "auto"
    contrast: str | None = None
    again: bool = False


def already_done(dataset: Dataset, case: Case, recipe: Recipe, model: InstalledModel, image: Image) -> bool:
    """Whether the same weights made a mask from the same image before, be it still a proposal or edited since."""
    weights = weights_sha256(model)
    for desc in (REFINED, PROPOSAL):
        pair = read_pair(dataset.mask_path(case, recipe.mask_type, desc))
        if pair is None or image.source is None:
            continue
        hashes = pair.own.get("SourceHashes", {}).values()
        if image.source.sha256 in hashes and weights in _weights_of(pair.sidecar):
            return True
    return False


def save_result(dataset: Dataset, case: Case, recipe: Recipe, image: Image, result: RecipeResult) -> SavedMask:
    """Save what a recipe made as a proposal; a mask that a person had a say in stays as it is."""
    return save_mask(
        dataset, case, recipe.mask_type, result.labels, image=image, status="proposed", generated_by=[result.generator]
    )


def run_on_dataset(
    recipe: Recipe,
    dataset: Dataset,
    cases: Iterable[Case],
    model: InstalledModel,
    settings: RunSettings = RunSettings(),
    *,
    progress: Callable[[str, float, str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
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

    Raises
    ------
    CancelledError
        ``cancel`` returned True. What was saved before stays.
    """
    warm: LoadedModel | None = None
    for case in cases:
        begin = time.perf_counter()
        report = None if progress is None else _for_case(progress, case.key)
        try:
            image = read_image(case.image)
            if not settings.again and already_done(dataset, case, recipe, model, image):
                yield CaseOutcome(case.key, skipped=True)
                continue
            if warm is None and run is predict:
                warm = load_model(model)
            result = run_recipe(
                recipe,
                image,
                model,
                contrast=settings.contrast or contrast_of(case),
                contrast_stated=settings.contrast is not None,
                loaded=warm,
                device=settings.device,
                progress=report,
                cancel=cancel,
                run=run,
            )
            saved = save_result(dataset, case, recipe, image, result)
        except CancelledError:
            raise
        except RefineError as error:
            yield CaseOutcome(case.key, error=error, seconds=time.perf_counter() - begin)
        else:
            yield CaseOutcome(case.key, saved, notes=result.warnings, seconds=time.perf_counter() - begin)


def _for_case(progress: Callable[[str, float, str], None], key: str) -> Callable[[float, str], None]:
    return lambda part, stage: progress(key, part, stage)


def _weights_of(sidecar: dict[str, Any]) -> set[object]:
    entries = sidecar.get("GeneratedBy")
    return {entry.get("WeightsSHA256") for entry in entries} if isinstance(entries, list) else set()
