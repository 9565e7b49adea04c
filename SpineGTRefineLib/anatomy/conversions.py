"""From one label scheme to another, with a report of what gets lost.

A structure keeps its meaning, or takes the name of a broader structure (a sacral segment becomes sacrum), or is
dropped; the report names the last two. Values never decide: 1 is the cord in one scheme and the C1 rootlets in another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import LabelError
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
        Structure key in the source scheme (or ``value N`` where that does not know the value) to number of voxels that
        became background.
    merged
        Structure key that a reader of the result will understand to the keys in the source scheme that now bear this
        name, where these are several, or one that meant something else.
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

    def table(self, values: Iterable[int]) -> dict[int, int]:
        """Return source value to target value for a map that holds ``values``; what has no target is left out."""
        meaning = _meanings(self.source, values)
        present = set(meaning.values())
        found = {value: self._value(value, key, present) for value, key in meaning.items()}
        return {value: target for value, target in found.items() if target is not None}

    def _value(self, value: int, meaning: str, present: Collection[str]) -> int | None:
        own = self.source[value].structure.key
        # Two schemes that name discs alike agree also where the vertebra above is not in the map.
        return self.target.value_of(own) if self.target.has(own) else _value_for(self.target, meaning, present)

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

        Raises
        ------
        LabelError
            The array does not hold whole numbers.
        """
        if not np.issubdtype(array.dtype, np.integer):
            raise LabelError(f"A label map holds whole numbers; got {array.dtype}.")
        counts = _count_values(array)
        table = self.table(counts)
        dtype = np.min_scalar_type(max(self.target.values, default=0))
        return _map_values(array, table, counts, dtype), self._report(counts, table)

    def _report(self, counts: dict[int, int], table: dict[int, int]) -> LossReport:
        dropped = {self._source_key(value): n for value, n in counts.items() if value not in table}
        meant = _meanings(self.source, counts)
        read = _meanings(self.target, table.values())
        sharing: dict[str, list[int]] = {}
        for value, target in table.items():
            sharing.setdefault(read[target], []).append(value)
        merged = {
            key: tuple(map(self._source_key, values))
            for key, values in sharing.items()
            if len(values) > 1 or meant[values[0]] != key
        }
        return LossReport(dropped, merged)

    def _source_key(self, value: int) -> str:
        return self.source[value].structure.key if value in self.source else f"value {value}"


def conversion(source: LabelScheme, target: LabelScheme) -> Conversion:
    """Return the conversion between two schemes: each structure keeps its meaning, or is reported as lost."""
    return Conversion(source, target)


def _meanings(scheme: LabelScheme, values: Iterable[int]) -> dict[int, str]:
    """Anatomical key of each value that the scheme knows, in a map that holds ``values``."""
    keys = {value: scheme[value].structure.key for value in values if value in scheme}
    return {value: resolve_disc(key, keys.values()) for value, key in keys.items()}


def _value_for(target: LabelScheme, key: str, present: Collection[str]) -> int | None:
    """Value of a structure in ``target``, else of the nearest broader structure that ``target`` has."""
    wanted: str | None = key
    while wanted is not None:
        if target.has(wanted):
            return target.value_of(wanted)
        relative = _value_by_vertebra_above(target, wanted, present)
        if relative is not None:
            return relative
        wanted = structure(wanted).broader
    return None


def _value_by_vertebra_above(target: LabelScheme, key: str, present: Collection[str]) -> int | None:
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
        totals += np.bincount(flat[start : start + _CHUNK].astype(np.intp), minlength=totals.size)
    return {int(v): int(totals[v]) for v in np.flatnonzero(totals) if v != 0}


def _map_values(array: np.ndarray, table: dict[int, int], values: Collection[int], dtype: np.dtype) -> np.ndarray:
    """Replace each value by its entry in ``table``, and by 0 where it has none."""
    if not table:
        return np.zeros(array.shape, dtype=dtype)
    if min(values) < 0 or max(values) >= _LOOKUP_LIMIT:
        known, inverse = np.unique(array, return_inverse=True)
        return np.array([table.get(int(v), 0) for v in known], dtype=dtype)[inverse].reshape(array.shape)
    lookup = np.zeros(max(values) + 1, dtype=dtype)
    for value, mapped in table.items():
        lookup[value] = mapped
    return np.asarray(lookup[array])
