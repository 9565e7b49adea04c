"""What was done before, and how the result of a recipe is saved: the mask as a proposal, further files beside it."""

from __future__ import annotations

from typing import Any

from ..bids import Case, Dataset, SavedMask, existing_mask, save_mask
from ..bids.pairs import SavedPair, read_pair, read_whole_pair
from ..bids.profiles import PROPOSAL, REFINED
from ..bids.softmaps import save_soft_map
from ..imaging import Image
from ..models import InstalledModel
from .companions import NO_COMPANIONS, Companions, made_by
from .definition import Recipe
from .model_choice import weights_sha256
from .runner import RecipeResult
from .work import Extra


def already_done(
    dataset: Dataset,
    case: Case,
    recipe: Recipe,
    model: InstalledModel,
    image: Image,
    companions: Companions = NO_COMPANIONS,
) -> bool:
    """Whether the same run made a mask from the same files before, be it still a proposal or edited since."""
    weights = weights_sha256(model)
    sources = [image.source, *(mask.source for mask in companions.used)]
    needed = {source.sha256 for source in sources if source is not None}
    for desc in (REFINED, PROPOSAL):
        pair = read_whole_pair(dataset.output, dataset.mask_path(case, recipe.mask_type, desc))
        if pair is None or image.source is None:
            continue
        hashes = set(pair.own.get("SourceHashes", {}).values())
        if needed <= hashes and _is_run_with(weights, recipe, pair):
            return True
    return False


def save_result(dataset: Dataset, case: Case, recipe: Recipe, image: Image, result: RecipeResult) -> SavedMask:
    """Save what a recipe made as a proposal; a mask that a person had a say in stays as it is.

    Further masks and soft maps come first, so that the sidecar of the mask can name them all.
    """
    sources = [mask.source for mask in result.companions if mask.source is not None]
    beside = [
        save_mask(
            dataset, case, extra.mask_type, extra.labels, image=image, sources=sources, generated_by=[result.generator]
        ).path
        for extra in result.extras
        if _is_free(dataset, case, extra, recipe)
    ]
    beside += [
        save_soft_map(dataset, case, soft, image=image, mask_type=recipe.mask_type, generated_by=[result.generator])
        for soft in result.soft_maps
    ]
    return save_mask(
        dataset,
        case,
        recipe.mask_type,
        result.labels,
        image=image,
        status="proposed",
        sources=sources,
        generated_by=[_described(result, [path.name for path in beside])],
    )


def _is_free(dataset: Dataset, case: Case, extra: Extra, recipe: Recipe) -> bool:
    """Whether a further mask takes nobody's place: the case has none of its kind, or this recipe made it."""
    pair = read_pair(dataset.mask_path(case, extra.mask_type))
    if pair is not None:
        return made_by(recipe, pair)
    return existing_mask(case, extra.mask_type, own=False) is None


def _is_run_with(weights: str, recipe: Recipe, pair: SavedPair) -> bool:
    """Whether these weights made the mask with the settings that are stated now."""
    entries = pair.sidecar.get("GeneratedBy")
    return any(
        entry.get("WeightsSHA256") == weights and entry.get("Settings", {}) == dict(recipe.stated)
        for entry in (entries if isinstance(entries, list) else [])
    )


def _described(result: RecipeResult, files: list[str]) -> dict[str, Any]:
    """Add to the generator what was made with the mask, and what makes it unfit for use as it is."""
    also = [f"Made with it: {', '.join(files)}."] if files else []
    cautions = [problem.message for problem in result.problems if problem.severity == "error"]
    return {**result.generator, "Description": " ".join([result.generator["Description"], *also, *cautions])}
