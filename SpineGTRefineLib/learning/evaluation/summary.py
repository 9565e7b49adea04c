"""Many cases at a glance: each structure's scores over all cases, and rows for tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median, stdev
from typing import Any

from .case import CaseMetrics
from .structures import StructureMetrics, from_head_to_tail


@dataclass(frozen=True)
class Spread:
    """A metric over several cases: how many have it, mean, standard deviation (None for one), median, extremes."""

    count: int
    mean: float
    sd: float | None
    median: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        """Summarize at least one number."""
        sd = stdev(numbers) if len(numbers) > 1 else None
        return cls(len(numbers), fmean(numbers), sd, median(numbers), min(numbers), max(numbers))

    @classmethod
    def of_known(cls, numbers: Iterable[float | None]) -> Spread | None:
        """Summarize the numbers that can be said; None if none can."""
        known = [number for number in numbers if number is not None]
        return cls.of(known) if known else None


@dataclass(frozen=True)
class StructureSummary:
    """One structure over all cases.

    Parameters
    ----------
    key, name, kind
        The structure.
    cases
        Cases in which prediction or truth has it.
    missed, extra
        Cases in which only the truth has it, or only the prediction.
    dice, nsd
        Over ``cases``, with 0 where it is missed or extra.
    hd95_mm, volume_ratio
        Over the cases in which they can be said; None if there are none.
    """

    key: str
    name: str
    kind: str
    cases: int
    missed: int
    extra: int
    dice: Spread
    nsd: Spread
    hd95_mm: Spread | None
    volume_ratio: Spread | None

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON."""
        return asdict(self)


def summarize(cases: Sequence[CaseMetrics]) -> tuple[StructureSummary, ...]:
    """Summarize each structure over all cases, from head to tail."""
    by_key: dict[str, list[StructureMetrics]] = {}
    for case in cases:
        for entry in case.structures:
            by_key.setdefault(entry.key, []).append(entry)
    return tuple(_summary(by_key[key]) for key in sorted(by_key, key=from_head_to_tail))


def structure_rows(cases: Iterable[CaseMetrics]) -> Iterator[dict[str, Any]]:
    """Yield one row for each structure of each case."""
    for case in cases:
        for entry in case.structures:
            yield {"case": case.name, **entry.as_dict()}


def instance_rows(cases: Iterable[CaseMetrics]) -> Iterator[dict[str, Any]]:
    """Yield one row for each kind of instances of each case."""
    for case in cases:
        for entry in case.instances:
            yield {"case": case.name, **entry.as_dict()}


def level_rows(cases: Iterable[CaseMetrics]) -> Iterator[dict[str, Any]]:
    """Yield one row for each level of each case."""
    for case in cases:
        for entry in case.levels:
            yield {"case": case.name, **entry.as_dict()}


def _summary(entries: Sequence[StructureMetrics]) -> StructureSummary:
    first = entries[0]
    return StructureSummary(
        key=first.key,
        name=first.name,
        kind=first.kind,
        cases=len(entries),
        missed=sum(entry.presence == "missed" for entry in entries),
        extra=sum(entry.presence == "extra" for entry in entries),
        dice=Spread.of([entry.dice for entry in entries]),
        nsd=Spread.of([entry.nsd for entry in entries]),
        hd95_mm=Spread.of_known(entry.hd95_mm for entry in entries),
        volume_ratio=Spread.of_known(entry.volume_ratio for entry in entries),
    )
