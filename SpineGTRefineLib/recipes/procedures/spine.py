"""The spine: a network draws parts and regions, our own step tells the vertebrae apart and names them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...anatomy import scheme
from ...bids import mask_type
from ...checks import Problem
from ...errors import UsageError
from ...imaging import LabelMap
from ...refine.components import largest_component
from ...refine.compose import subtract
from ...refine.level_names import column_of
from ...refine.spine_from_parts import NamedSpine, spine_from_parts
from ..work import Extra, RecipeOutcome, RecipeWork

SCHEME = "spine_parts"
"""Label scheme of the models that these procedures work with."""

SETTINGS = {"first_level": ""}
"""``first_level``: the first vertebra in view (``T5``) where a rater knows it; "" to find out."""


def run(work: RecipeWork) -> RecipeOutcome:
    """Make vertebrae, discs and sacrum with their levels, and canal and cord beside them."""
    fixed = _first_level(work.settings["first_level"])
    parts = work.predict([work.image]).labels
    named = spine_from_parts(parts, fixed)
    canal = work.companion("canal")
    labels = named.labels
    if canal is not None:
        labels = replace(labels, array=subtract(labels.array, canal.array > 0))
    extras = _canal_and_cord(parts)
    problems = tuple(_problems(named, has_canal=canal is not None or any(e.mask_type.name == "canal" for e in extras)))
    return RecipeOutcome(labels, extras, problems=problems)


def run_sacrum(work: RecipeWork) -> RecipeOutcome:
    """Make the sacrum alone: its largest piece (26 neighbours)."""
    parts = work.predict([work.image]).labels
    bone = (parts.array == parts.scheme.value_of("sacrum")).astype(np.uint8)
    kept = largest_component(bone)
    lost = int(np.count_nonzero(bone) - np.count_nonzero(kept))
    if lost:
        work.note(f"{lost} voxels of the sacrum lay apart from it and were left out.")
    return RecipeOutcome(LabelMap(kept, parts.geometry, scheme("sacrum")))


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


def _problems(named: NamedSpine, *, has_canal: bool) -> list[Problem]:
    """Say what is not sure about the levels, and what was not found."""
    found, naming = named.column.found, named.naming
    problems = []
    if not found:
        problems.append(_problem("no_vertebra", "error", "No vertebra was found.", "Check image, contrast and region."))
    elif naming is None:
        text = f"{len(named.column.members)} vertebrae in one chain: no human spine explains them, so none is named."
        problems.append(_problem("no_naming", "error", text, "Look at the image: parts may have been seen twice."))
    else:
        problems += _doubts(named)
    if found and not has_canal:
        text = "No spinal canal was found, so nothing was cut out of the vertebrae."
        problems.append(_problem("no_canal", "warning", text, "Run the recipe canal, then this one again."))
    return problems


def _doubts(named: NamedSpine) -> list[Problem]:
    naming, members = named.naming, named.column.members
    assert naming is not None
    problems = []
    first, last = naming.levels[0], naming.levels[-1]
    if naming.margin == 0.0:
        text = f"No landmark is in view, so the levels cannot be known; they are called {first} to {last} for now."
        advice = "Say which one is first (--set first_level=T5), or shift them: refine shift-levels."
        problems.append(_problem("no_landmark", "error", text, advice))
    elif not naming.is_sure:
        others = f" (the first could also be {', '.join(naming.rivals)})" if naming.rivals else ""
        text = f"The levels {first} to {last} are not sure{others}."
        problems.append(_problem("unsure_levels", "warning", text, "Check them from a landmark, and shift if needed."))
    for position in naming.contradicting:
        level = naming.levels[position]
        text = f"{level} does not look like its region; the landmarks above and below say that it must be {level}."
        problems.append(
            _problem("contradicting_landmarks", "warning", text, "Check the count of the vertebrae.", level)
        )
    for member, level in zip(members, naming.levels, strict=True):
        if not member.label:
            text = f"{level} was not found, but there is room for it: the levels are counted with it."
            problems.append(_problem("missing_vertebra", "warning", text, "Draw it, or check the levels.", level))
    if len(named.column.found) == 1:
        text = f"Only one vertebra is in view ({first}): its level rests on its looks alone."
        problems.append(_problem("one_vertebra", "warning", text, "Check its level."))
    return problems


def _problem(rule: str, severity: str, message: str, remedy: str, level: str | None = None) -> Problem:
    key = f"vertebra_{level}" if level else None
    value = scheme("spine").value_of(key) if key else None
    return Problem(rule, severity, key, value, None, None, message, remedy)  # type: ignore[arg-type]
