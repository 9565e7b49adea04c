"""What a procedure of a recipe is given, and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..bids import MaskType
from ..bids.softmaps import SoftMap
from ..checks import Problem
from ..errors import UsageError
from ..imaging import Box, Image, LabelMap
from ..models import InstalledModel, Prediction

if TYPE_CHECKING:
    from .definition import Recipe
    from .tool_runs import ToolRuns


class PredictInWork(Protocol):
    """Run a model inside a recipe; device, progress, cancel and warm models are taken care of."""

    def __call__(
        self,
        images: Sequence[Image],
        *,
        model: str | None = None,
        outputs: Sequence[str] = ("labels",),
        roi: Box | None = None,
    ) -> Prediction:
        """Predict. ``model`` names another model, or a recipe whose first installed model is meant; None: the own."""


@dataclass(frozen=True, eq=False)
class RecipeWork:
    """What a procedure has to work with.

    Parameters
    ----------
    image
        The image; results belong on its grid.
    recipe, model
        What runs, with which model.
    predict
        See :class:`PredictInWork`.
    companion
        Returns another mask of the same case, by mask type, on the image's grid; None where there is none.
    settings
        The recipe's settings, complete and checked.
    note
        Tells the user something about this case.
    tools
        Runs tools of others on the image; None where the recipe runs on an image without a dataset.
    """

    image: Image
    recipe: Recipe
    model: InstalledModel
    predict: PredictInWork
    companion: Callable[[str], LabelMap | None]
    settings: Mapping[str, Any]
    note: Callable[[str], None]
    tools: ToolRuns | None = None

    def required_tools(self) -> ToolRuns:
        """Return what runs tools of others.

        Raises
        ------
        UsageError
            There is no dataset that could keep their output.
        """
        if self.tools is None:
            raise UsageError(f"The recipe {self.recipe.name} needs a dataset for its tools' output.", "Run it on one.")
        return self.tools


@dataclass(frozen=True, eq=False)
class Extra:
    """A further mask of the case. It never takes the place of a mask that something or somebody else made."""

    mask_type: MaskType
    labels: LabelMap


@dataclass(frozen=True, eq=False)
class RecipeOutcome:
    """What a procedure made.

    Parameters
    ----------
    labels
        The mask, on the image's grid, in a scheme that converts without loss to that of the recipe's mask type.
    extras, soft_maps
        Further files, saved beside the mask.
    problems
        What a rater should look at.
    record
        Facts of this run for the sidecar of the mask, JSON-able.
    """

    labels: LabelMap
    extras: tuple[Extra, ...] = ()
    soft_maps: tuple[SoftMap, ...] = ()
    problems: tuple[Problem, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Procedure:
    """One way to get from an image to a mask.

    Parameters
    ----------
    run
        Does it.
    settings
        The settings that it knows, each with its default; a recipe's values must be of the same kind.
    scheme
        Label scheme of the models that it can work with, where that is not the scheme of the mask; else "".
    tools
        Names the tools of others that will run with certain settings; None for none.
    check
        Refuses values that make no sense, before any case is begun: raises UsageError. None: all of a kind will do.
    """

    run: Callable[[RecipeWork], RecipeOutcome]
    settings: Mapping[str, Any] = field(default_factory=dict)
    scheme: str = ""
    tools: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    check: Callable[[Mapping[str, Any]], None] | None = None

    def tools_for(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the tools that run with these settings."""
        return () if self.tools is None else self.tools(settings)

    def checked_settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all settings, the given ones over the defaults.

        Raises
        ------
        ValueError
            A setting is not known, is of another kind than its default, or has a value that makes no sense.
        """
        for name, value in given.items():
            if name not in self.settings:
                known = ", ".join(sorted(self.settings)) or "none"
                raise ValueError(f"unknown setting 'settings.{name}'; known are {known}.")
            _check_kind(name, value, self.settings[name])
        complete = {**self.settings, **given}
        if self.check is not None:
            self.check(complete)
        return complete


def _check_kind(name: str, value: object, default: object) -> None:
    number = isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool)
    if not number and type(value) is not type(default):
        kind = type(default).__name__
        raise ValueError(f"the field 'settings.{name}' must be of the kind {kind}, as {default!r} is; got {value!r}.")
    if name.endswith("_mm") and isinstance(value, (int, float)) and not 0 < value < math.inf:
        raise ValueError(f"the field 'settings.{name}' is a length and must be above 0; got {value!r}.")
