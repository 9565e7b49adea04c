"""Which models can make a mask, for a rater to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..models import ModelStore
from ..recipes.definition import recipe, recipe_names


@dataclass(frozen=True)
class ModelChoice:
    """A model that a recipe can run.

    Parameters
    ----------
    name
        Of the model.
    is_installed
        Whether it can run now.
    """

    name: str
    is_installed: bool


def model_choices(store: ModelStore | None = None) -> Mapping[str, tuple[ModelChoice, ...]]:
    """Return the models of every recipe: the recipe's own in order of preference, then others that fit its labels.

    Reads the folder of models; not for the thread of a window.
    """
    installed = {model.entry.name: model.entry.scheme for model in (store or ModelStore()).installed()}
    choices = {}
    for name in recipe_names():
        own = recipe(name).models
        others = [model for model, scheme in installed.items() if scheme in recipe(name).model_schemes]
        choices[name] = tuple(ModelChoice(model, model in installed) for model in dict.fromkeys([*own, *others]))
    return choices
