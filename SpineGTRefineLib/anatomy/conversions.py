"""From one label scheme to another, with a report of what gets lost.

A structure keeps its meaning, or takes the name of a broader structure (a sacral segment becomes sacrum), or is dropped;
the last two are reported. Values never decide: 1 is the cord in one scheme and the C1 rootlets in another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from .order import is_relative_disc, resolve_disc, vertebra_above
from .schemes import LabelScheme
from .structures import structure

_LOOKUP_LIMIT = 1 << 20
_CHUNK = 1 << 20


@dataclass(frozen=True)
class LossReport:
    """What a conversion could not keep.

    Parameters
    ----------
    dropped
        Structure key (or ``value N`` where the source scheme does not know the value) to number of voxels that became
        background.
    merged
        Structure key as the target names it to the source keys that now bear this name, where these are several, or
        one whose own name the target lacks.
    """

    dropped: dict[str, int]
    merged: dict[str, tuple[str, ...]]

    @property
    def lossless(self) -> bool:
        """Whether every voxel kept its meaning."""
        return not self.dropped and not self.merged


@dataclass(frozen=True)
class Conversion:
    """The way from the values of one scheme to those of another.

    Some schemes name discs by the vertebra above, so that the meaning of a value depends on which vertebrae are
    present; the table is therefore made for the values of one map.
    """

    source: LabelScheme
    target: LabelScheme

    def table(self, values: Collection[int]) -> dict[int, int]:
        """Return source value to target value for a map that holds ``values``; what has no target is left out."""
        present = {self.source[value].structure.key for value in values if value in self.source}
        anatomical = {resolve_disc(key, present) for key in present}
        table: dict[int, int] = {}
        for value in sorted(values):
            if value in self.source:
                key = resolve_disc(self.source[value].structure.key, present)
                target = _target_value(self.target, key, anatomical)
                if target is not None:
                    table[value] = target
        return table

    def apply(self, array: np.ndarray) -> tuple[np.ndarray, LossReport]:
        """Express an integer array in the target scheme.

        Parameters
        ----------
        array
            Any shape, any integer type; 0 is background. It is not changed.

        Returns
        -------
        numpy.ndarray
            Same shape, the smallest unsigned type that holds every value of the target scheme.
        LossReport
            What became background, and what lost its own name.
        """
        counts = _count_values(array)
        table = self.table(counts)
        return _map_values(array, table, self.target), self._report(counts, table)

    def _report(self, counts: dict[int, int], table: dict[int, int]) -> LossReport:
        dropped = {self._source_name(value): n for value, n in counts.items() if value not in table}
        present = {self.source[value].structure.key for value in counts if value in self.source}
        written = {self.target[value].structure.key for value in table.values()}
        sources: dict[str, list[str]] = {}
        renamed: set[str] = set()
        for value, target in table.items():
            key = self.source[value].structure.key
            read_back = resolve_disc(self.target[target].structure.key, written)
            sources.setdefault(read_back, []).append(key)
            if read_back != resolve_disc(key, present):
                renamed.add(read_back)
        merged = {name: tuple(keys) for name, keys in sources.items() if len(keys) > 1 or name in renamed}
        return LossReport(dropped, merged)

    def _source_name(self, value: int) -> str:
        return self.source[value].structure.key if value in self.source else f"value {value}"


def conversion(source: LabelScheme, target: LabelScheme) -> Conversion:
    """Return the conversion between two schemes: each structure keeps its meaning, or is reported as lost."""
    return Conversion(source, target)


def _target_value(target: LabelScheme, key: str, present: Collection[str]) -> int | None:
    """Value of a structure in ``target``, else of the nearest broader structure that ``target`` has."""
    wanted: str | None = key
    while wanted is not None:
        if target.has(wanted):
            return target.value_of(wanted)
        relative = _relative_value(target, wanted, present)
        if relative is not None:
            return relative
        wanted = structure(wanted).broader
    return None


def _relative_value(target: LabelScheme, key: str, present: Collection[str]) -> int | None:
    """Value of a disc in a scheme that names discs by the vertebra above."""
    if structure(key).kind != "disc":
        return None
    above = vertebra_above(key, present)
    for entry in target.of_kind("disc"):
        if is_relative_disc(entry.structure) and entry.structure.above == (above,):
            return entry.value
    return None


def _count_values(array: np.ndarray) -> dict[int, int]:
    """Voxels of each value present without 0, ascending by value."""
    if array.size == 0:
        return {}
    if array.min() < 0 or array.max() >= _LOOKUP_LIMIT:
        values, counts = np.unique(array, return_counts=True)
        return {int(v): int(n) for v, n in zip(values, counts, strict=True) if v != 0}
    flat = array.ravel(order="K")
    totals = np.zeros(int(array.max()) + 1, dtype=np.int64)
    for start in range(0, flat.size, _CHUNK):  # bincount widens to 64 bit, so never the whole volume at once
        totals += np.bincount(flat[start : start + _CHUNK], minlength=totals.size)
    return {int(v): int(totals[v]) for v in np.flatnonzero(totals) if v != 0}


def _map_values(array: np.ndarray, table: dict[int, int], target: LabelScheme) -> np.ndarray:
    dtype = np.min_scalar_type(max(target.values, default=0))
    if array.size == 0 or not table:
        return np.zeros(array.shape, dtype=dtype)
    if array.min() < 0 or array.max() >= _LOOKUP_LIMIT:
        values, inverse = np.unique(array, return_inverse=True)
        return np.array([table.get(int(v), 0) for v in values], dtype=dtype)[inverse].reshape(array.shape)
    lookup = np.zeros(int(array.max()) + 1, dtype=dtype)
    for value, mapped in table.items():
        lookup[value] = mapped
    return lookup[array]
