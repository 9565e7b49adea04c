"""Run a recipe on one image: model in, checked mask out. Nothing is read from or written to a dataset here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..anatomy import scheme
from ..bids.layout import PIPELINE
from ..errors import LabelError, ModelNotInstalledError
from ..fileops import sha256_of_bytes
from ..imaging import Image, LabelMap
from ..models import InstalledModel, LoadedModel, ModelStore, Prediction, predict
from .definition import Recipe
from .guards import check_image, contrast_warning

Predict = Callable[..., Prediction]
"""Same arguments and result as :func:`SpineGTRefineLib.models.predict`."""


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
        Seconds of each stage.
    provenance
        Everything that is known about the run, JSON-able.
    """

    labels: LabelMap
    warnings: tuple[str, ...]
    generator: Mapping[str, Any]
    timings: Mapping[str, float]
    provenance: Mapping[str, object]


def choose_model(recipe: Recipe, store: ModelStore, name: str | None = None) -> InstalledModel:
    """Return the model that a recipe runs: the one asked for, else the first of the recipe's that is installed.

    Raises
    ------
    ModelNotInstalledError
        None of them is installed.
    UsageError
        The name is not known.
    LabelError
        The one asked for makes another kind of mask, or nobody said what its labels mean.
    """
    if name is not None:
        return _fitting(recipe, store.find(name))
    for candidate in recipe.models:
        try:
            return store.find(candidate)
        except ModelNotInstalledError:
            continue
    raise ModelNotInstalledError(
        f"None of the models of the recipe {recipe.name} is installed ({', '.join(recipe.models)}).",
        f"Run: spine-gt-refine models install {recipe.models[0]}",
    )


def _fitting(recipe: Recipe, model: InstalledModel) -> InstalledModel:
    """Refuse before any case runs what could only fail at the end of each."""
    entry, target = model.entry, recipe.mask_type.scheme
    if entry.scheme is None:
        raise LabelError(
            f"It is not known what the labels of the model {entry.name} mean, so it cannot make a {recipe.name} mask.",
            f"If it was trained for this, install it again with: --scheme {target.name} --overwrite",
        )
    if not {label.structure for label in scheme(entry.scheme)} & {label.structure for label in target}:
        raise LabelError(
            f"The model {entry.name} does not make a {recipe.name} mask; its labels are {entry.scheme}.",
            "Choose a model that was trained for this structure, or another recipe.",
        )
    return model


def weights_sha256(model: InstalledModel) -> str:
    """Return one hash for all checkpoints of a model."""
    hashes = sorted(digest for name, digest in model.hashes.items() if name.endswith(".pth"))
    return hashes[0] if len(hashes) == 1 else sha256_of_bytes("\n".join(hashes).encode())


def generator_entry(recipe: Recipe, model: InstalledModel, contrast: str, *, stated: bool = False) -> dict[str, Any]:
    """Return the ``GeneratedBy`` entry of a run: tool, model, hash of the weights, contrast if the user stated it."""
    entry = model.entry
    said = f" Contrast stated by the user: {contrast}." if stated else ""
    return {
        "Name": f"{PIPELINE} recipe {recipe.name}",
        "Description": f"{entry.title}.{said}",
        "Model": f"{entry.name} {entry.version}",
        "WeightsSHA256": weights_sha256(model),
        **({"ModelURL": entry.url} if entry.url else {}),
    }


def run_recipe(
    recipe: Recipe,
    image: Image,
    model: InstalledModel,
    *,
    contrast: str = "",
    contrast_stated: bool = False,
    loaded: LoadedModel | None = None,
    device: str = "auto",
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
    loaded
        The same model, loaded before.
    device, progress, cancel, on_tile
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
    tiles = {} if on_tile is None else {"on_tile": on_tile}
    prediction = run([image], loaded or model, device=device, progress=progress, cancel=cancel, **tiles)
    labels = _in_scheme_of(recipe, prediction.labels)
    warnings = [text for text in (model.entry.caution, contrast_warning(model.entry, contrast)) if text]
    if not labels.array.any():
        warnings.append(f"{model.entry.name} found nothing in this image.")
    return RecipeResult(
        labels,
        (*warnings, *(str(note) for note in _notes(prediction))),
        generator_entry(recipe, model, contrast, stated=contrast_stated),
        prediction.timings,
        prediction.provenance,
    )


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


def _notes(prediction: Prediction) -> list[object]:
    notes = prediction.provenance.get("notes", [])
    return list(notes) if isinstance(notes, (list, tuple)) else []
