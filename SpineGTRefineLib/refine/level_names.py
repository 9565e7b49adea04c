"""Which vertebra is which: the one naming of a chain that explains best what each of its members looks like.

A level cannot be seen, only counted. What can be seen is a member's region (the axis, cervical, thoracic, lumbar) and
the sacrum below. Every spine that people have (11 to 13 thoracic, 4 to 6 lumbar vertebrae) is laid along the chain at
every place; the one that agrees best wins, and how far the next best lies behind says how sure the names are. So one
vertebra that looks wrong does not shift the others, and landmarks that contradict each other are seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

Looks = Mapping[str, float]
"""How much a vertebra looks like each region, 0 to 1: ``C1``, ``C2``, ``C``, ``T``, ``L``; empty for no idea."""

THORACIC, LUMBAR = (12, 11, 13), (5, 4, 6)
"""Numbers of vertebrae that people have, the usual one first."""

ANOMALY = 2.0
"""How much less likely (in nats) one vertebra more or less than usual is than the usual number."""

DOUBT = 0.02
"""Even a vertebra that looks clearly like one region is of another one in one of fifty cases."""

SURE = 1.0
"""A naming is sure if the next best one is less likely by this (in nats)."""

CONTRADICTION = 0.3
"""A vertebra whose looks support its name less than this contradicts it."""


@dataclass(frozen=True)
class Naming:
    """The names of a chain.

    Parameters
    ----------
    levels
        Of each member, head to tail: ``C1`` ... ``T13`` ... ``L6``.
    column
        All levels of that person.
    margin
        How much less likely the next best naming is (nats); 0 where nothing tells the two apart.
    contradicting
        Members whose looks contradict their name.
    rivals
        Levels of the first member in other namings that are nearly as likely.
    """

    levels: tuple[str, ...]
    column: tuple[str, ...]
    margin: float
    contradicting: tuple[int, ...] = ()
    rivals: tuple[str, ...] = field(default=())

    @property
    def is_sure(self) -> bool:
        """Whether no other naming is nearly as likely."""
        return self.margin >= SURE


def column_of(thoracic: int = 12, lumbar: int = 5) -> tuple[str, ...]:
    """Return the levels of a person from C1 to the last lumbar vertebra."""
    counts = (("C", 7), ("T", thoracic), ("L", lumbar))
    return tuple(f"{region}{n}" for region, count in counts for n in range(1, count + 1))


def name_chain(
    looks: Sequence[Looks], *, above_sacrum: bool = False, fixed: Mapping[int, str] | None = None
) -> Naming | None:
    """Name the vertebrae of a chain that has no gap.

    Parameters
    ----------
    looks
        Of each vertebra, head to tail. One that was not seen but must be there has no looks.
    above_sacrum
        Whether the last one sits on the sacrum.
    fixed
        Levels that are known, by position in the chain (a rater said so).

    Returns
    -------
    Naming or None
        None for an empty chain, or one that no human spine explains (too long, or the fixed levels do not fit).
        Where several namings are equally likely the one nearest to the middle of them is given, with margin 0.
    """
    found = _candidates(looks, dict(fixed or {}), above_sacrum=above_sacrum) if looks else []
    if not found:
        return None
    best = max(score for score, _, _ in found)
    equal = [(names, column) for score, names, column in found if score > best - 1e-9]
    starts = sorted({column_of(13, 6).index(names[0]) for names, _ in equal})
    middle = column_of(13, 6)[starts[(len(starts) - 1) // 2]]
    names, column = next((names, column) for names, column in equal if names[0] == middle)
    rivals = [(score, other) for score, other, _ in found if other != names]
    margin = best - max((score for score, _ in rivals), default=-math.inf)
    return Naming(
        names,
        column,
        max(0.0, margin),
        tuple(n for n, seen in enumerate(looks) if seen and seen.get(region_of(names[n]), 0.0) < CONTRADICTION),
        tuple(dict.fromkeys(other[0] for score, other in rivals if score > best - SURE and other[0] != names[0])),
    )


def region_of(level: str) -> str:
    """Return what a level looks like: the first two vertebrae are like no others."""
    return level if level in ("C1", "C2") else level[0]


def _candidates(
    looks: Sequence[Looks], fixed: dict[int, str], *, above_sacrum: bool
) -> list[tuple[float, tuple[str, ...], tuple[str, ...]]]:
    found: dict[tuple[str, ...], tuple[float, tuple[str, ...], tuple[str, ...]]] = {}
    for thoracic, lumbar in product(THORACIC, LUMBAR):
        column = column_of(thoracic, lumbar)
        unusual = (thoracic != THORACIC[0]) + (lumbar != LUMBAR[0])
        last = len(column) - len(looks)
        for start in range(last if above_sacrum else 0, last + 1):
            names = column[start : start + len(looks)] if start >= 0 else ()
            if not names or any(names[n] != level for n, level in fixed.items()):
                continue
            score = sum(map(_likelihood, looks, names)) - ANOMALY * unusual
            if names not in found or score > found[names][0]:
                found[names] = (score, names, column)
    return list(found.values())


def _likelihood(looks: Looks, level: str) -> float:
    return math.log(DOUBT + (1 - DOUBT) * looks.get(region_of(level), 0.0)) if looks else 0.0
