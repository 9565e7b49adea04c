"""Run a recipe on one image: model in, checked mask out. Nothing is read from or written to a dataset here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..bids.layout import PIPELINE
from ..bids.softmaps import SoftMap
from ..checks import Problem
from ..errors import LabelError
from ..imaging import Image, LabelMap
from ..models import InstalledModel, LoadedModel, predict
from .companions import NO_COMPANIONS, Companions
from .definition import Recipe
from .guards import check_image, contrast_warning
from .model_choice import FindModel, WarmModel, weights_sha256
from .network import NetworkRuns, Predict
from .tool_runs import ToolPlace, ToolRuns
from .work import Extra, RecipeOutcome, RecipeWork


@dataclass(frozen=True, eq=False)
class RecipeResult:
    """What a recipe made of an image.

    Parameters
    ----------
    labels
        The mask, on the image's grid, in the scheme of the recipe's mask type.
    warnings
        What the user should know before trusting it.
    generator
        Entry for the ``GeneratedBy`` list of the sidecar.
    timings
        Seconds of each stage, summed over all runs of networks.
    provenance
        Everything that is known about the run of the recipe's own model, JSON-able.
    extras, soft_maps
        What was made beside the mask.
    problems
        What a rater should look at.
    companions
        Masks of the case that were used.
    """

    labels: LabelMap
    warnings: tuple[str, ...]
    generator: Mapping[str, Any]
    timings: Mapping[str, float]
    provenance: Mapping[str, object]
    extras: tuple[Extra, ...] = ()
    soft_maps: tuple[SoftMap, ...] = ()
    problems: tuple[Problem, ...] = ()
    companions: tuple[LabelMap, ...] = ()


def generator_entry(
    recipe: Recipe,
    model: InstalledModel,
    contrast: str,
    *,
    stated: bool = False,
    others: Mapping[str, str] | None = None,
    record: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the ``GeneratedBy`` entry of a run.

    It tells the tool, the model, the hash of its weights, the contrast and the settings if the user stated them, the
    further models (``others``: name and version to hash), and what the procedure recorded.
    """
    entry = model.entry
    said = f" Contrast stated by the user: {contrast}." if stated else ""
    helped = "".join(f" With {name} (weights {digest[:12]})." for name, digest in (others or {}).items())
    return {
        "Name": f"{PIPELINE} recipe {recipe.name}",
        "Description": f"{entry.title}.{said}{helped}",
        "Model": f"{entry.name} {entry.version}",
        "WeightsSHA256": weights_sha256(model),
        **({"ModelURL": entry.url} if entry.url else {}),
        **({"Settings": dict(recipe.stated)} if recipe.stated else {}),
        **({"Record": dict(record)} if record else {}),
    }


def run_recipe(
    recipe: Recipe,
    image: Image,
    model: InstalledModel,
    *,
    contrast: str = "",
    contrast_stated: bool = False,
    companions: Companions = NO_COMPANIONS,
    find_model: FindModel | None = None,
    warm_model: WarmModel | None = None,
    loaded: LoadedModel | None = None,
    tools: ToolPlace | None = None,
    device: str = "auto",
    mode: str = "exact",
    progress: Callable[[float, str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    on_tile: Callable[[int, int], None] | None = None,
    run: Predict = predict,
) -> RecipeResult:
    """Run a recipe on one image.

    Parameters
    ----------
    recipe, image, model
        What to run on what with which weights.
    contrast
        BIDS suffix of the image; "" if unknown.
    contrast_stated
        Whether the user said so (then it is recorded, and believed).
    companions
        Other masks of the same case, see :func:`.companions.read_companions`.
    find_model
        Finds a further model that the procedure asks for, by its name or that of its recipe; None refuses them.
    warm_model
        Loads such a model, or returns it if it is loaded.
    loaded
        The same model, loaded before.
    tools
        Where tools of others find the image and leave their output, for recipes that run some.
    device, mode, progress, cancel, on_tile
        See :func:`SpineGTRefineLib.models.predict`.

    Raises
    ------
    InputError
        The image is not one for this recipe.
    LabelError
        The model's labels do not fit the recipe's mask.
    ModelError, MissingDependencyError, CancelledError
        See :func:`SpineGTRefineLib.models.predict`.
    """
    check_image(recipe, image)
    notes: list[str] = list(companions.notes)
    options = {"device": device, "progress": progress, "cancel": cancel, "on_tile": on_tile}
    options |= {} if mode == "exact" else {"mode": mode}
    network = NetworkRuns(loaded or model, find_model, warm_model, run, options)
    others = _tools(recipe, tools, find_model, device, progress, cancel)
    work = RecipeWork(image, recipe, model, network, companions.get, recipe.settings, notes.append, others)
    outcome = recipe.steps_for(model.entry.scheme).run(work)
    labels = _in_scheme_of(recipe, outcome.labels)
    warnings = [text for text in (model.entry.caution, contrast_warning(model.entry, contrast)) if text]
    if not labels.array.any():
        warnings.append(f"{model.entry.name} found nothing in this image.")
    return RecipeResult(
        labels,
        tuple(dict.fromkeys([*warnings, *notes, *network.notes, *_advice(outcome)])),
        generator_entry(recipe, model, contrast, stated=contrast_stated, others=network.others, record=outcome.record),
        network.timings,
        network.provenance,
        outcome.extras,
        outcome.soft_maps,
        outcome.problems,
        companions.used,
    )


def _tools(
    recipe: Recipe,
    place: ToolPlace | None,
    find_model: FindModel | None,
    device: str,
    progress: Callable[[float, str], None] | None,
    cancel: Callable[[], bool] | None,
) -> ToolRuns | None:
    names = recipe.steps.tools_for(recipe.settings)
    if not names or place is None or find_model is None:
        return None
    return ToolRuns(place, find_model, device, len(names), progress, cancel)


def _advice(outcome: RecipeOutcome) -> list[str]:
    """Return what the procedure found out, as a person reads it; what only informs is for the list of problems."""
    return [f"{problem.message} {problem.remedy}".strip() for problem in outcome.problems if problem.severity != "info"]


def _in_scheme_of(recipe: Recipe, labels: LabelMap) -> LabelMap:
    target = recipe.mask_type.scheme
    if labels.scheme.name == target.name:
        return labels
    converted, losses = labels.converted(target)
    if losses.dropped:
        lost = ", ".join(losses.dropped)
        raise LabelError(
            f"The model's labels ({labels.scheme.name}) do not fit a {recipe.mask_type.name} mask: {lost}.",
            "Choose a model that was trained for this structure.",
        )
    return converted
