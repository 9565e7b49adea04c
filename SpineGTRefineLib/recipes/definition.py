"""What a recipe is: which model makes which mask, for which images. Recipes are files, ``Resources/Recipes/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..bids import MaskType, mask_type
from ..errors import RefineError, UsageError
from ..resources import resource_path
from .procedures import PROCEDURES
from .work import Procedure


@dataclass(frozen=True)
class Guard:
    """What an image must be like for a recipe to make sense.

    Parameters
    ----------
    min_slices
        Smallest number of voxels along any axis.
    min_length_mm
        Smallest extent from head to tail in millimetres.
    max_voxel_mm
        Largest voxel size along any axis in millimetres.
    """

    min_slices: int = 1
    min_length_mm: float = 0.0
    max_voxel_mm: float = float("inf")


@dataclass(frozen=True)
class Recipe:
    """One way to make one kind of mask.

    Parameters
    ----------
    name
        Name for commands, also that of its file.
    title
        Name for people.
    mask_type
        The kind of mask it makes.
    models
        Names of models in order of preference; the first that is installed runs.
    guard
        Which images it takes.
    procedure
        Name of the way from the image to the mask, see :data:`.procedures.PROCEDURES`.
    settings
        Of the procedure; what the file leaves out has the procedure's default.
    companions
        Mask types of the same case that the procedure uses where they exist.
    stated
        Those of the settings that a person stated for this run.
    """

    name: str
    title: str
    mask_type: MaskType
    models: tuple[str, ...]
    guard: Guard = Guard()
    procedure: str = "plain"
    settings: Mapping[str, Any] = field(default_factory=dict)
    companions: tuple[MaskType, ...] = ()
    stated: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> Procedure:
        """The procedure itself."""
        return PROCEDURES[self.procedure]

    @property
    def runs_tools(self) -> bool:
        """Whether it runs programs of others, which take long and must be installed apart."""
        return self.steps.tools is not None

    def with_settings(self, stated: Mapping[str, Any]) -> Recipe:
        """Return the recipe with other settings for one run.

        Raises
        ------
        UsageError
            A setting is not known, is of another kind, or has a value that makes no sense.
        """
        try:
            checked = self.steps.checked_settings({**self.settings, **stated})
        except UsageError:
            raise
        except ValueError as error:
            raise UsageError(f"The recipe {self.name}: {error}", "Correct the setting.") from error
        return replace(self, settings=checked, stated={**self.stated, **stated})

    @property
    def model_schemes(self) -> tuple[str, ...]:
        """Label schemes of the models that fit, first that of the recipe's own ones.

        Where a procedure makes the mask from parts, a model that draws the mask itself, as one does that was trained
        on such masks, fits as well.
        """
        own = self.steps.scheme or self.mask_type.scheme_name
        return (own,) if self.runs_tools else tuple(dict.fromkeys([own, self.mask_type.scheme_name]))

    def steps_for(self, model_scheme: str | None) -> Procedure:
        """Return the procedure for a model with labels of this scheme: none but the model if that draws the mask."""
        takes_parts = bool(self.steps.scheme) and model_scheme != self.steps.scheme
        return PROCEDURES["plain"] if takes_parts and model_scheme in self.model_schemes else self.steps


def read_recipe(path: Path) -> Recipe:
    """Read and check one recipe file.

    Raises
    ------
    UsageError
        The file is no TOML, or a field is missing, unknown or wrong; the message names the file and line or field.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} is not valid TOML: {error}.", "Correct the recipe.") from error
    try:
        return _recipe(document, path.stem)
    except (KeyError, TypeError, ValueError) as error:
        reason = error.cause if isinstance(error, RefineError) else _reason(error)
        raise UsageError(f"{path.name}: {reason}", "Correct the recipe.") from error


@cache
def recipe(name: str) -> Recipe:
    """Return the recipe called ``name`` (see :func:`recipe_names`)."""
    if name not in recipe_names():
        raise UsageError(f"There is no recipe called {name!r}.", f"Choose one of: {', '.join(recipe_names())}.")
    return read_recipe(resource_path("Recipes", f"{name}.toml"))


@cache
def recipe_names() -> tuple[str, ...]:
    """Names of all recipes that ship with the project, sorted."""
    return tuple(sorted(path.stem for path in resource_path("Recipes").glob("*.toml")))


def _recipe(document: Mapping[str, Any], stem: str) -> Recipe:
    _refuse_unknown(document, Recipe, "")
    if document["name"] != stem:
        raise ValueError(f"the field 'name' is {document['name']!r}; it must be the file's name, {stem!r}.")
    models = _texts(document, "models")
    if not models:
        raise ValueError("the field 'models' must name at least one model.")
    procedure = document.get("procedure", "plain")
    if procedure not in PROCEDURES:
        raise ValueError(f"there is no procedure called {procedure!r}; known are {', '.join(PROCEDURES)}.")
    return Recipe(
        name=stem,
        title=_text(document, "title"),
        mask_type=mask_type(_text(document, "mask_type")),
        models=models,
        guard=_guard(document.get("guard", {})),
        procedure=procedure,
        settings=PROCEDURES[procedure].checked_settings(document.get("settings", {})),
        companions=tuple(map(mask_type, _texts(document, "companions"))) if "companions" in document else (),
    )


def _guard(table: Mapping[str, Any]) -> Guard:
    _refuse_unknown(table, Guard, "guard.")
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ValueError(f"the field 'guard.{name}' must be a number of at least 0; got {value!r}.")
    return Guard(**table)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"the field {name!r} must be a text; got {value!r}.")
    return value


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = document[name]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"the field {name!r} must be a list of names.")
    return tuple(values)


def _refuse_unknown(table: Mapping[str, Any], kind: type[Recipe | Guard], prefix: str) -> None:
    known = {field.name for field in fields(kind)}
    if kind is Recipe:
        known -= {"stated"}
    if unknown := sorted(set(table) - known):
        raise ValueError(f"unknown field '{prefix}{unknown[0]}'; known are {', '.join(sorted(known))}.")


def _reason(error: Exception) -> str:
    return f"the field {error} is missing." if isinstance(error, KeyError) else str(error)
