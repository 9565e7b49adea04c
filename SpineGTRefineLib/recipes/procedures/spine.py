"""The spine: a network draws parts and regions, our own step tells the vertebrae apart and names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...anatomy import scheme
from ...bids import mask_type
from ...checks import Problem
from ...errors import UsageError
from ...imaging import LabelMap
from ...refine.canal import subtract_canal
from ...refine.column import find_column
from ...refine.components import largest_component
from ...refine.level_names import column_of
from ...refine.sacrum import Sacrum, find_sacrum
from ...refine.spine_from_parts import NamedSpine, spine_from_parts
from ..level_doubts import level_doubts, problem
from ..work import Extra, RecipeOutcome, RecipeWork

SCHEME = "spine_parts"
"""Label scheme of the models that these procedures work with."""

SETTINGS = {"first_level": ""}
"""``first_level``: the first vertebra in view (``T5``) where a rater knows it; "" to find out."""


def check(settings: Mapping[str, Any]) -> None:
    """Refuse a first level that nobody has."""
    _first_level(settings["first_level"])


def run(work: RecipeWork) -> RecipeOutcome:
    """Make vertebrae, discs and sacrum with their levels, and canal and cord beside them."""
    first = work.settings["first_level"]
    fixed = _first_level(first)
    parts = work.predict([work.image]).labels
    named = spine_from_parts(parts, fixed)
    canal = work.companion("canal")
    labels = named.labels if canal is None else subtract_canal(named.labels, canal)
    extras = _canal_and_cord(parts)
    has_canal = canal is not None or any(extra.mask_type.name == "canal" for extra in extras)
    return RecipeOutcome(labels, extras, problems=tuple(_problems(named, first, has_canal=has_canal)))


def run_sacrum(work: RecipeWork) -> RecipeOutcome:
    """Make the sacrum alone: its largest piece (26 neighbours)."""
    parts = work.predict([work.image]).labels
    sacrum = find_sacrum(parts, find_column(parts))
    kept = LabelMap(sacrum.mask.astype(np.uint8), parts.geometry, scheme("sacrum"))
    return RecipeOutcome(kept, problems=tuple(_sacrum_doubts(sacrum)))


def _first_level(stated: str) -> dict[int, str]:
    levels = column_of(13, 6)
    if stated and stated not in levels:
        raise UsageError(f"There is no vertebra called {stated!r}.", f"Choose from {', '.join(levels)}.")
    return {0: stated} if stated else {}


def _canal_and_cord(parts: LabelMap) -> tuple[Extra, ...]:
    cord = parts.array == parts.scheme.value_of("cord")
    canal = cord | (parts.array == parts.scheme.value_of("canal_without_cord"))
    found = {"canal": canal, "cord": cord}
    return tuple(
        Extra(mask_type(name), LabelMap(largest_component(mask.astype(np.uint8)), parts.geometry, scheme(name)))
        for name, mask in found.items()
        if mask.any()
    )


def _problems(named: NamedSpine, first: str, *, has_canal: bool) -> list[Problem]:
    problems = [*level_doubts(named.column, named.naming, first), *_sacrum_doubts(named.sacrum)]
    if named.column.found and not has_canal:
        text = "No spinal canal was found, so nothing was cut out of the vertebrae."
        problems.append(problem("no_canal", "warning", text, "Run the recipe canal, then this one again."))
    return problems


def _sacrum_doubts(sacrum: Sacrum) -> list[Problem]:
    if not sacrum.rejected:
        return []
    text = f"{sacrum.rejected} voxels look like sacrum where none can be; they were left out."
    return [problem("false_sacrum", "warning", text, "Draw the sacrum if it is there.")]
