"""The other masks of a case that a recipe can use: the cord for rootlets, the canal for the spine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..bids import Case, Dataset, load_mask
from ..bids.baseline import is_of_person
from ..bids.layout import PIPELINE
from ..bids.pairs import SavedPair, read_pair
from ..errors import InputError, RefineError
from ..imaging import Image, LabelMap
from .definition import Recipe
from .grids import onto_grid


@dataclass(frozen=True, eq=False)
class Companions:
    """Masks of a case on the grid of its image.

    Parameters
    ----------
    masks
        By mask type.
    notes
        What had to be done to them, and which could not be used and why.
    """

    masks: Mapping[str, LabelMap] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def get(self, mask_type: str) -> LabelMap | None:
        """Return a mask, or None where the case has none that can be used."""
        return self.masks.get(mask_type)

    @property
    def used(self) -> tuple[LabelMap, ...]:
        """All of them."""
        return tuple(self.masks.values())


NO_COMPANIONS = Companions()
"""No other masks."""


def read_companions(dataset: Dataset, case: Case, recipe: Recipe, image: Image) -> Companions:
    """Read the masks of a case that a recipe can use; one that cannot be used is told, and left out."""
    masks, notes = {}, []
    for kind in recipe.companions:
        pair = read_pair(dataset.mask_path(case, kind))
        if pair is not None and made_by(recipe, pair) and not is_of_person(pair):
            continue  # a by-product of this very recipe tells it nothing new
        try:
            mask = load_mask(dataset, case, kind)
            if mask is None:
                continue
            if not mask.array.any():
                raise InputError("It is empty.")
            mask.require_known_values()  # a map of the whole spine is no canal, whatever its name says
            masks[kind.name], note = onto_grid(mask, image.geometry, kind.name)
            notes += [note] if note else []
        except RefineError as error:
            notes.append(f"The {kind.name} mask of this case is not used: {error}")
    return Companions(masks, tuple(notes))


def made_by(recipe: Recipe, pair: SavedPair) -> bool:
    """Whether a recipe made a saved mask, going by its sidecar."""
    entries = pair.sidecar.get("GeneratedBy")
    names = {entry.get("Name") for entry in entries} if isinstance(entries, list) else set()
    return f"{PIPELINE} recipe {recipe.name}" in names
