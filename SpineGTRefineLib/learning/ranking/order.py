"""One order over all masks, the likeliest wrong first, with the reason for each.

A finding is weighed against the same structure in all other masks: what is usual there is no reason to look. A mask
is as suspicious as its worst structure. Broken rules of anatomy come first. A part of the places is drawn at random:
without it nobody would learn what the ranking overlooks. Sites and contrasts alternate among equally suspicious masks.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...bids.ranking import RankedMask
from ...errors import UsageError
from .signals import Finding

RANDOM_SHARE = 0.15
"""Part of the places that are drawn at random."""

FEW = 8
"""A structure in fewer masks than this is weighed against all structures."""

LEAST_SCALE = 0.02
"""Differences from the usual below this are noise."""

RANDOM_REASON = "random check: it shows what the ranking overlooks"


@dataclass(frozen=True)
class Evidence:
    """All findings about one mask.

    Parameters
    ----------
    case, mask_type
        Which mask.
    findings
        Of all signals.
    group
        What should alternate: site, contrast. "" if nothing.
    """

    case: str
    mask_type: str
    findings: tuple[Finding, ...]
    group: str = ""


@dataclass(frozen=True)
class _Judged:
    evidence: Evidence
    score: float
    finding: Finding | None

    @property
    def tier(self) -> tuple[bool, int]:
        """Masks of one tier are equally suspicious; the first tier comes first."""
        certain = self.finding is not None and self.finding.certain
        return not certain, -round(2 * math.log2(1 + self.score))


@dataclass(frozen=True)
class _Usual:
    """What is usual for one signal about one structure."""

    level: float
    scale: float

    def excess(self, value: float) -> float:
        return max(0.0, value - self.level) / self.scale


def rank(evidence: Sequence[Evidence], *, random_share: float = RANDOM_SHARE, seed: int = 0) -> tuple[RankedMask, ...]:
    """Order masks by how likely they are wrong.

    Parameters
    ----------
    evidence
        One entry for each mask.
    random_share
        Part of the places, 0 to 1, that go to masks drawn at random from all that are left.
    seed
        Of the draw.

    Returns
    -------
    tuple of RankedMask
        The first to look at comes first; ``risk`` falls evenly from 1 and says the place, not a probability.

    Raises
    ------
    UsageError
        The share is not between 0 and 1.
    """
    if not 0 <= random_share <= 1:
        raise UsageError(f"The random share must be from 0 to 1; got {random_share}.")
    usual = _usual(evidence)
    judged = sorted((_judge(entry, usual) for entry in evidence), key=lambda j: (j.tier, -j.score))
    ordered = _with_random_places(list(_alternating(judged)), random_share, np.random.default_rng(seed))
    return tuple(replace(row, risk=1 - place / len(ordered)) for place, row in enumerate(ordered))


def _judge(evidence: Evidence, usual: Mapping[tuple[str, str], _Usual]) -> _Judged:
    """Score a mask by its worst structure; the reason is that structure's loudest finding."""
    weighed: dict[str, list[tuple[float, Finding]]] = defaultdict(list)
    for finding in evidence.findings:
        weight = usual[finding.signal, finding.structure].excess(finding.value)
        weighed[finding.structure].append((weight, finding))
    scores = {key: sum(weight for weight, _ in found) / len(found) for key, found in weighed.items()}
    certain = [pair for found in weighed.values() for pair in found if pair[1].certain]
    score = max(scores.values(), default=0.0)
    if certain:
        return _Judged(evidence, score, max(certain, key=lambda pair: pair[0])[1])
    if not score:
        return _Judged(evidence, 0.0, None)
    worst = max(scores, key=lambda key: scores[key])
    return _Judged(evidence, score, max(weighed[worst], key=lambda pair: pair[0])[1])


def _usual(evidence: Iterable[Evidence]) -> dict[tuple[str, str], _Usual]:
    """Say what is usual for each signal and structure.

    The lower quartile stands for the sound masks, so that it holds while up to three quarters are wrong; and nothing is
    usual for a structure that is unusual for all.
    """
    own: dict[tuple[str, str], list[float]] = defaultdict(list)
    pooled: dict[str, list[float]] = defaultdict(list)
    for finding in (finding for entry in evidence for finding in entry.findings):
        own[finding.signal, finding.structure].append(finding.value)
        pooled[finding.signal].append(finding.value)
    pools = {signal: np.quantile(values, [0.25, 0.5]) for signal, values in pooled.items()}
    result = {}
    for (signal, structure), values in own.items():
        low, middle = pools[signal]
        if signal == "rules":  # Rules speak up only where they are broken: sound is silence.
            result[signal, structure] = _Usual(0.0, LEAST_SCALE)
            continue
        quartile, median = np.quantile(values, [0.25, 0.5]) if len(values) >= FEW else (low, middle)
        scale = max(median - quartile, middle - low, LEAST_SCALE)
        result[signal, structure] = _Usual(float(min(quartile, middle)), float(scale))
    return result


def _alternating(judged: Sequence[_Judged]) -> Iterable[RankedMask]:
    """Within a tier take one mask of each group in turn."""
    tiers: dict[tuple[bool, int], dict[str, list[_Judged]]] = defaultdict(lambda: defaultdict(list))
    for entry in judged:
        tiers[entry.tier][entry.evidence.group].append(entry)
    for groups in tiers.values():
        for turn in range(max(map(len, groups.values()))):
            yield from (_row(members[turn]) for members in groups.values() if turn < len(members))


def _row(judged: _Judged) -> RankedMask:
    evidence, finding = judged.evidence, judged.finding
    if finding is None:
        return RankedMask(evidence.case, evidence.mask_type, 0.0, "nothing unusual")
    return RankedMask(evidence.case, evidence.mask_type, 0.0, finding.text, finding.structure, finding.slice)


def _with_random_places(ordered: list[RankedMask], share: float, draw: np.random.Generator) -> list[RankedMask]:
    result: list[RankedMask] = []
    while ordered:
        place = len(result)
        if math.floor((place + 1) * share) > math.floor(place * share):
            chosen = ordered.pop(int(draw.integers(len(ordered))))
            result.append(replace(chosen, reason=f"{RANDOM_REASON} ({chosen.reason})"))
        else:
            result.append(ordered.pop(0))
    return result
