"""What a rater does beyond painting: each act is one step to undo, with a text that says what it did."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ..anatomy import LabelEntry, structure
from ..errors import LabelError, UsageError
from ..imaging import LabelMap
from ..refine import between_slices, levels
from ..refine.components import largest_component


@dataclass(frozen=True)
class Operation:
    """One act on a mask.

    Parameters
    ----------
    text
        What undoing it would undo, for people: ``shift levels +1 from T5``.
    function
        Makes the new mask from the current one, which it does not change.
    """

    text: str
    function: Callable[[LabelMap], LabelMap]


def shift_levels(first: str, by: int) -> Operation:
    """Rename a vertebra and all levels below it by one; see :func:`SpineGTRefineLib.refine.levels.shift_levels`."""
    text = f"shift levels {by:+d} from {structure(first).name}"
    return Operation(text, lambda labels: levels.shift_levels(labels, first, by))


def swap_levels(one: str, other: str) -> Operation:
    """Exchange two structures of one kind."""
    text = f"swap {structure(one).name} and {structure(other).name}"
    return Operation(text, lambda labels: levels.swap_levels(labels, one, other))


def relabel(old: str, new: str) -> Operation:
    """Give a structure another name; refused where the other is there already (merge them instead)."""
    text = f"relabel {structure(old).name} as {structure(new).name}"
    return Operation(text, lambda labels: levels.rename(labels, {_present(labels, old): new}))


def merge(part: str, into: str) -> Operation:
    """Give a whole structure to another one."""
    text = f"merge {structure(part).name} into {structure(into).name}"
    return Operation(text, lambda labels: levels.merge(labels, _present(labels, part), into))


def merge_fragment(index: Sequence[int], into: str) -> Operation:
    """Give the connected piece at the voxel ``index`` (i, j, k) to another structure."""
    place = tuple(int(n) for n in index)

    def function(labels: LabelMap) -> LabelMap:
        _require_inside(labels, place)
        return levels.merge_fragment(labels, place, into)

    return Operation(f"give the piece at {place} to {structure(into).name}", function)


def keep_largest_piece(key: str) -> Operation:
    """Erase all pieces of a structure but the largest."""

    def function(labels: LabelMap) -> LabelMap:
        mask = labels.array == labels.scheme.value_of(_present(labels, key))
        return _filled(labels, mask & ~largest_component(mask), 0)

    return Operation(f"keep the largest piece of {structure(key).name}", function)


def fill_between_slices(key: str) -> Operation:
    """Fill the empty slices between those in which a structure is drawn; other structures keep their voxels."""

    def function(labels: LabelMap) -> LabelMap:
        return between_slices.fill_between_slices(labels, labels.scheme.value_of(_present(labels, key)))

    return Operation(f"fill {structure(key).name} between slices", function)


def clear_slices(axis: int, first: int, last: int, keys: Collection[str] | None = None) -> Operation:
    """Erase slices along an array axis, both ends included; only some structures if ``keys`` says so."""

    def function(labels: LabelMap) -> LabelMap:
        place = _slices(labels, axis, first, last)
        if keys is not None:
            place &= labels.mask(labels.scheme.value_of(key) for key in keys)
        return _filled(labels, place, 0)

    return Operation(f"clear {_names(keys)} in slices {first}-{last}", function)


def copy_slice(axis: int, source: int, target: int, keys: Collection[str] | None = None) -> Operation:
    """Make a slice like another one; with ``keys``, only these structures, where the slice holds nothing else."""

    def function(labels: LabelMap) -> LabelMap:
        _slices(labels, axis, min(source, target), max(source, target))
        array = labels.array.copy()
        old, new = np.moveaxis(array, axis, 0)[target], np.moveaxis(labels.array, axis, 0)[source]
        if keys is None:
            old[...] = new
        else:
            values = [labels.scheme.value_of(key) for key in keys]
            old[np.isin(old, values)] = 0
            copied = np.isin(new, values) & (old == 0)
            old[copied] = new[copied]
        return labels.with_array(array)

    return Operation(f"copy {_names(keys)} from slice {source} to {target}", function)


def clear_structures(keys: Collection[str]) -> Operation:
    """Erase structures everywhere."""
    return Operation(
        f"clear {_names(keys)}",
        lambda labels: _filled(labels, labels.mask(labels.scheme.value_of(key) for key in keys), 0),
    )


def start_from_empty() -> Operation:
    """Erase everything."""
    return Operation("start from an empty mask", lambda labels: labels.with_array(np.zeros_like(labels.array)))


def paint(region: np.ndarray, key: str, *, over: bool = True) -> Operation:
    """Give voxels to a structure.

    Parameters
    ----------
    region
        Boolean array of the grid's shape.
    key
        Key of the structure; it must be part of the mask's label scheme.
    over
        Whether voxels of other structures are taken, too.
    """

    def function(labels: LabelMap) -> LabelMap:
        if region.shape != labels.array.shape:
            raise UsageError(f"The region has shape {region.shape}, the mask {labels.array.shape}.")
        place = region if over else region & (labels.array == 0)
        return _filled(labels, place, labels.scheme.value_of(key))

    return Operation(f"paint {structure(key).name}", function)


def erase(region: np.ndarray) -> Operation:
    """Make voxels background; ``region`` is a boolean array of the grid's shape."""
    return Operation("erase", lambda labels: _filled(labels, region, 0))


def addable_structures(labels: LabelMap) -> tuple[LabelEntry, ...]:
    """Return what can still be added to a mask: the structures of its scheme that it does not hold yet."""
    present = set(labels.values())
    return tuple(entry for entry in labels.scheme if entry.value not in present)


def _filled(labels: LabelMap, place: np.ndarray, value: int) -> LabelMap:
    array = labels.array.astype(np.promote_types(labels.array.dtype, np.min_scalar_type(value)))
    array[place] = value
    return labels.with_array(array)


def _present(labels: LabelMap, key: str) -> str:
    if not labels.scheme.has(key) or labels.scheme.value_of(key) not in labels.values():
        raise LabelError(f"{structure(key).name} is not in this mask.", "Choose a structure that is present.")
    return key


def _slices(labels: LabelMap, axis: int, first: int, last: int) -> np.ndarray:
    size = labels.geometry.shape[axis]
    if not 0 <= first <= last < size:
        raise UsageError(f"Slices {first} to {last} are not among the {size} slices of this axis.")
    place = np.zeros(labels.array.shape, bool)
    np.moveaxis(place, axis, 0)[first : last + 1] = True
    return place


def _require_inside(labels: LabelMap, index: tuple[int, ...]) -> None:
    if len(index) != 3 or not all(0 <= n < size for n, size in zip(index, labels.array.shape, strict=True)):
        raise UsageError(f"There is no voxel {index} in this mask.", "Choose a voxel of the piece.")


def _names(keys: Collection[str] | None) -> str:
    return "all" if keys is None else ", ".join(sorted(structure(key).name for key in keys))
