"""Corrections of TotalSpineSeg's own names, where the spine as a whole proves them wrong.

TotalSpineSeg counts from landmarks and knows no T13. Two of its mistakes show in the names alone: a T13 that it
calls L1, so that six lumbar vertebrae follow, and a name left out between two neighbours, with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..anatomy import scheme, structure, structures
from .instances import Instance
from .matching import Level, Placement

T13, LAST_OF_SIX = "vertebra_T13", "vertebra_L6"


@dataclass(frozen=True)
class Naming:
    """TotalSpineSeg's levels under the names they are to have, and why some are new ("" for none)."""

    levels: tuple[Level, ...]
    reason: str = ""


def corrected_names(
    levels: Sequence[Level], vertebrae: Sequence[Placement], are_separate: Callable[[Instance, Instance], bool]
) -> Naming:
    """Rename TotalSpineSeg's levels where a T13 or a left-out name is proven; both need six lumbar vertebrae.

    A T13 is believed if SPINEPS names one and more of its instances agree with the names that follow than with the
    names as they are; a T13 that only SPINEPS sees is not, for it finds too many. A name is left out if two instances
    with one disc between them are called, for example, T4 and T6, and TotalSpineSeg has no T5.

    Parameters
    ----------
    levels
        TotalSpineSeg's structures from head to tail.
    vertebrae
        How SPINEPS' vertebrae were matched to them, from head to tail.
    are_separate
        Whether a disc lies between two instances.
    """
    present = {level.key for level in levels}
    placed = [placement for placement in vertebrae if len(placement.levels) == 1 and placement.action == "kept"]
    if LAST_OF_SIX not in present:
        return Naming(tuple(levels))
    gap = _left_out(placed, present, are_separate)
    if gap is not None:
        names = _usual_row()
        chain = [*names[names.index(gap) :], LAST_OF_SIX]
        renamed = dict(pairwise(reversed(chain)))
        return Naming(_renamed(levels, renamed), f"TotalSpineSeg left out {structure(gap).name} and counted on to L6.")
    lumbar = [key for key in _row()[_row().index(T13) + 1 :] if key in present]
    renamed = dict(zip(lumbar, [T13, *lumbar], strict=False))
    if T13 in {placement.instance.key for placement in placed} and _agree_better(placed, renamed):
        return Naming(_renamed(levels, renamed), "TotalSpineSeg knows no T13 and counted on to L6.")
    return Naming(tuple(levels))


def disc_above(vertebra: str, present: Collection[str]) -> str | None:
    """Return the disc on top of a vertebra: below the lowest vertebra that exists above it."""
    discs = [entry for entry in structures().values() if entry.kind == "disc" and entry.below == vertebra]
    known = [disc for disc in discs if set(disc.above) & set(present)]
    if known:
        return max(known, key=lambda disc: disc.order or 0.0).key
    return next((disc.key for disc in discs if not disc.variant), None)


def _left_out(
    placed: Sequence[Placement], present: Collection[str], are_separate: Callable[[Instance, Instance], bool]
) -> str | None:
    """Return the one vertebra that is missing between two instances with only a disc between them."""
    names = _usual_row()
    found = []
    for above, below in pairwise(placed):
        first, last = above.levels[0], below.levels[0]
        between = names[names.index(first) + 1 : names.index(last)] if {first, last} <= set(names) else []
        if len(between) == 1 and between[0] not in present and are_separate(above.instance, below.instance):
            found += between
    return found[0] if len(found) == 1 else None


def _agree_better(placed: Sequence[Placement], renamed: dict[str, str]) -> bool:
    pairs = [(placement.instance.key, placement.levels[0]) for placement in placed]
    before = sum(own == level for own, level in pairs)
    return sum(own == renamed.get(level, level) for own, level in pairs) > before


def _renamed(levels: Sequence[Level], vertebrae: dict[str, str]) -> tuple[Level, ...]:
    """Rename vertebrae, and discs by the vertebra below them."""
    old_present = {level.key for level in levels if level.kind != "disc"}
    new_present = {vertebrae.get(key, key) for key in old_present}
    names = dict(vertebrae)
    for old, new in vertebrae.items():
        old_disc, new_disc = disc_above(old, old_present), disc_above(new, new_present)
        if old_disc is not None and new_disc is not None:
            names[old_disc] = new_disc
    new_keys = [names.get(level.key, level.key) for level in levels]
    if len(set(new_keys)) < len(new_keys):
        return tuple(levels)  # the disc above the gap has its right name already: too odd to correct
    return tuple(
        replace(level, key=key, order=structure(key).order or 0.0) for level, key in zip(levels, new_keys, strict=True)
    )


def _row() -> list[str]:
    return [entry.structure.key for entry in scheme("spine").of_kind("vertebra")]


def _usual_row() -> list[str]:
    return [key for key in _row() if not structure(key).variant]
