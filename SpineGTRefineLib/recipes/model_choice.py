"""Which model a recipe runs, and the further ones that its procedure asks for."""

from __future__ import annotations

from collections.abc import Callable

from ..anatomy import scheme
from ..errors import LabelError, ModelError, ModelNotInstalledError
from ..fileops import sha256_of_bytes
from ..models import InstalledModel, LoadedModel, ModelStore
from .definition import Recipe, recipe, recipe_names

FindModel = Callable[[str], InstalledModel]
"""Finds a model by its name or by that of a recipe, whose first installed model is meant."""

WarmModel = Callable[[InstalledModel], LoadedModel]
"""Loads a model, or returns it if it is loaded."""


def find_model(store: ModelStore, name: str) -> InstalledModel:
    """Return a model by its name, or the one that the recipe of this name would run.

    Raises
    ------
    ModelNotInstalledError, UsageError
        See :func:`choose_model`.
    """
    return choose_model(recipe(name), store) if name in recipe_names() else store.find(name)


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
    ModelError
        It was trained on straightened cords, and the recipe straightens nothing.
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
    entry, target = model.entry, scheme(recipe.model_schemes[0])
    if entry.scheme is None:
        raise LabelError(
            f"It is not known what the labels of the model {entry.name} mean, so it cannot make a {recipe.name} mask.",
            f"If it was trained for this, install it again with: --scheme {target.name} --overwrite",
        )
    kinds = {label.structure.kind for label in scheme(entry.scheme)}
    similar = not recipe.steps.scheme and bool(kinds & {label.structure.kind for label in target})
    if entry.scheme not in recipe.model_schemes and not similar:
        raise LabelError(
            f"The model {entry.name} does not make a {recipe.name} mask; its labels are {entry.scheme}.",
            "Choose a model that was trained for this structure, or another recipe.",
        )
    if entry.parts == "straight" and "straight" not in recipe.steps.settings:
        raise ModelError(
            f"The model {entry.name} was trained on straightened cords, and the recipe {recipe.name} straightens none.",
            "Run it with: --recipe lumbosacral",
        )
    return model


def weights_sha256(model: InstalledModel) -> str:
    """Return one hash for all checkpoints of a model."""
    hashes = sorted(digest for name, digest in model.hashes.items() if name.endswith(".pth"))
    return hashes[0] if len(hashes) == 1 else sha256_of_bytes("\n".join(hashes).encode())
