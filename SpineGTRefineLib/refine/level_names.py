"""Which vertebra is which: the one naming of a chain that explains best what each of its members looks like.

A level cannot be seen, only counted. What can be seen is a member's region (the axis, cervical, thoracic, lumbar), how
far its transverse processes reach beside those of its neighbour, and the sacrum below. Every spine that people have (11
to 13 thoracic, 4 to 6 lumbar vertebrae) is laid along the chain at every place; the one that agrees best wins, and how
far the next best lies behind says how sure the names are. So one vertebra that looks wrong does not shift the others,
and landmarks that contradict each other are seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

Looks = Mapping[str, float]
"""How much a vertebra looks like each region, 0 to 1: ``C1``, ``C2``, ``C``, ``T``, ``L``; empty for no idea."""

THORACIC, LUMBAR = (12, 11, 13), (5, 4, 6)
"""Numbers of vertebrae that people have, the usual one first."""

ANOMALY = 2.0
"""How much less likely (in nats) one vertebra more or less than usual is than the usual number."""

DOUBT = 0.02
"""Even a vertebra that looks clearly like one region is of any other one in one of fifty cases."""

LIKE_NEIGHBOUR = 0.01
"""A vertebra looks like the one above it this often, and as often like the one below: regions pass into each other."""

SURE = 0.7
"""A naming is sure if it is at least twice as likely (this many nats) as the next best one."""

USUAL_STEP, STEP_SPREAD = -0.03, 0.08
"""Reach of the transverse processes over that of the vertebra above (natural logarithm), and how much it varies ..."""

OTHER_STEPS = {("T", "L"): 0.28, ("T", "T13"): 0.15, ("T13", "L"): 0.11}
"""... and where it is another one: T12 has the shortest of all, L1 long ones, and a T13 lies in between."""

CHANCE, LUMBAR_CHANCE = 0.3, 0.5
"""Part of the steps that say nothing, since a process was not drawn to its end, and between lumbar vertebrae, whose
processes often leave the image; evenly spread from -1 to 1."""

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
    runner_up
        The next best names, where there are any.
    """

    levels: tuple[str, ...]
    column: tuple[str, ...]
    margin: float
    contradicting: tuple[int, ...] = ()
    rivals: tuple[str, ...] = ()
    runner_up: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether no other naming is nearly as likely."""
        return self.margin >= SURE

    @property
    def rests_on_usual_number(self) -> bool:
        """Whether a spine with one vertebra more or less would look the same in this view, under other names."""
        return self.margin <= ANOMALY + 1e-9


def column_of(thoracic: int = 12, lumbar: int = 5) -> tuple[str, ...]:
    """Return the levels of a person from C1 to the last lumbar vertebra."""
    counts = (("C", 7), ("T", thoracic), ("L", lumbar))
    return tuple(f"{region}{n}" for region, count in counts for n in range(1, count + 1))


def name_chain(
    looks: Sequence[Looks],
    steps: Sequence[float | None] = (),
    *,
    above_sacrum: bool = False,
    fixed: Mapping[int, str] | None = None,
) -> Naming | None:
    """Name the vertebrae of a chain that has no gap.

    Parameters
    ----------
    looks
        Of each vertebra, head to tail. One that was not seen but must be there has no looks.
    steps
        Of each vertebra but the first, see :func:`.reach.reach_steps`; empty where they were not measured.
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
    found = _candidates(looks, steps, dict(fixed or {}), above_sacrum=above_sacrum) if looks else []
    if not found:
        return None
    best = max(score for score, _, _ in found)
    equal = [(names, column) for score, names, column in found if score > best - 1e-9]
    starts = sorted({column_of(13, 6).index(names[0]) for names, _ in equal})
    middle = column_of(13, 6)[starts[(len(starts) - 1) // 2]]
    names, column = next((names, column) for names, column in equal if names[0] == middle)
    rivals = sorted(((score, other) for score, other, _ in found if other != names), reverse=True)
    margin = best - rivals[0][0] if rivals else math.inf
    return Naming(
        names,
        column,
        max(0.0, margin),
        tuple(n for n, seen in enumerate(looks) if seen and seen.get(region_of(names[n]), 0.0) < CONTRADICTION),
        tuple(dict.fromkeys(other[0] for score, other in rivals if score > best - SURE and other[0] != names[0])),
        rivals[0][1] if rivals else (),
    )


def region_of(level: str) -> str:
    """Return what a level looks like: the first two vertebrae are like no others."""
    return level if level in ("C1", "C2") else level[0]


def _candidates(
    looks: Sequence[Looks], steps: Sequence[float | None], fixed: dict[int, str], *, above_sacrum: bool
) -> list[tuple[float, tuple[str, ...], tuple[str, ...]]]:
    found: dict[tuple[str, ...], tuple[float, tuple[str, ...], tuple[str, ...]]] = {}
    for thoracic, lumbar in product(THORACIC, LUMBAR):
        column = column_of(thoracic, lumbar)
        expected = _expected_looks(column)
        unusual = (thoracic != THORACIC[0]) + (lumbar != LUMBAR[0])
        last = len(column) - len(looks)
        for start in range(last if above_sacrum else 0, last + 1):
            part = slice(start, start + len(looks))
            names = column[part] if start >= 0 else ()
            if not names or any(names[n] != level for n, level in fixed.items()):
                continue
            score = sum(map(_likelihood, looks, expected[part])) - ANOMALY * unusual
            score += sum(map(_step_likelihood, steps, pairwise(names)))
            if names not in found or score > found[names][0]:
                found[names] = (score, names, column)
    return list(found.values())


def _expected_looks(column: tuple[str, ...]) -> list[dict[str, float]]:
    """Say for each level how often it looks like which region: its own, or that of a neighbour."""
    expected = []
    for n, level in enumerate(column):
        shares = {region_of(level): 1.0}
        for neighbour in column[max(0, n - 1) : n] + column[n + 1 : n + 2]:
            shares[region_of(level)] -= LIKE_NEIGHBOUR
            shares[region_of(neighbour)] = shares.get(region_of(neighbour), 0.0) + LIKE_NEIGHBOUR
        expected.append(shares)
    return expected


def _likelihood(looks: Looks, expected: Mapping[str, float]) -> float:
    if not looks:
        return 0.0
    agreement = sum(share * looks.get(region, 0.0) for region, share in expected.items())
    return math.log(DOUBT + (1 - DOUBT) * agreement)


def _step_likelihood(step: float | None, pair: tuple[str, str]) -> float:
    if step is None:
        return 0.0
    above, below = (level if level == "T13" else level[0] for level in pair)
    chance = LUMBAR_CHANCE if above == below == "L" else CHANCE
    away = (step - OTHER_STEPS.get((above, below), USUAL_STEP)) / STEP_SPREAD
    density = math.exp(-0.5 * away * away) / (STEP_SPREAD * math.sqrt(2 * math.pi))
    return math.log((1 - chance) * density + chance / 2)
