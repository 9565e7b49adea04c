"""The runs of networks inside one run of a recipe: what each procedure calls, and what they add up to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ModelNotInstalledError
from ..imaging import Box, Image
from ..models import InstalledModel, LoadedModel, Prediction
from .model_choice import FindModel, WarmModel, weights_sha256

Predict = Callable[..., Prediction]
"""Same arguments and result as :func:`SpineGTRefineLib.models.predict`."""


class NetworkRuns:
    """Runs models with the options of the whole run (see :class:`.work.PredictInWork`), and keeps the books.

    Parameters
    ----------
    own
        The recipe's own model.
    find
        Finds others by name; None refuses them.
    warm
        Loads a further model, or returns it loaded; None to load it for each run.
    run
        Predicts.
    options
        Device, progress, cancel, on_tile.

    Attributes
    ----------
    others : dict
        Name and version of each further model to the hash of its weights.
    notes : list of str
        What the runs had to do differently.
    timings, provenance : dict
        Seconds of each stage over all runs; what is known about the last run of the own model.
    """

    def __init__(
        self,
        own: InstalledModel | LoadedModel,
        find: FindModel | None,
        warm: WarmModel | None,
        run: Predict,
        options: Mapping[str, Any],
    ) -> None:
        self.others: dict[str, str] = {}
        self.notes: list[str] = []
        self.timings: dict[str, float] = {}
        self.provenance: Mapping[str, object] = {}
        self._own, self._find, self._warm, self._run = own, find, warm, run
        self._options = {name: option for name, option in options.items() if name != "on_tile" or option is not None}
        self._found: dict[str, InstalledModel] = {}

    def __call__(
        self,
        images: Sequence[Image],
        *,
        model: str | None = None,
        outputs: Sequence[str] = ("labels",),
        roi: Box | None = None,
    ) -> Prediction:
        """Predict."""
        chosen = self._own if model is None else self._other(model)
        wishes: dict[str, Any] = {} if tuple(outputs) == ("labels",) else {"outputs": tuple(outputs)}
        wishes |= {} if roi is None else {"roi": roi}
        prediction = self._run(list(images), chosen, **self._options, **wishes)
        for stage, seconds in prediction.timings.items():
            self.timings[stage] = self.timings.get(stage, 0.0) + seconds
        if model is None:
            self.provenance = prediction.provenance
        notes = prediction.provenance.get("notes", [])
        self.notes += [str(note) for note in notes] if isinstance(notes, (list, tuple)) else []
        return prediction

    def _other(self, name: str) -> InstalledModel | LoadedModel:
        if self._find is None:
            raise ModelNotInstalledError(f"The model {name} is not at hand here.", "Run the recipe on a dataset.")
        if name not in self._found:
            self._found[name] = self._find(name)
        found = self._found[name]
        self.others[f"{found.entry.name} {found.entry.version}"] = weights_sha256(found)
        return found if self._warm is None else self._warm(found)
