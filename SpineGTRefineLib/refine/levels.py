"""Repairs of level labels: shift a whole chain by one, swap two levels, give a fragment to its level.

A chain that is off by one is the most common error of labelled spines and the most tedious to repair by hand. All
functions return a new map; voxels only change their value, never their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..anatomy import LabelScheme, disc_below, spine_order, structure, vertebra_above, vertebra_below
from ..errors import UsageError
from ..imaging import LabelMap, present_values
from .components import FULL_CONNECTIVITY, label_components

LAST_DISC = "disc_L-S"
"""The disc above the sacrum keeps its label whatever the vertebra above it is called."""


def shift_levels(labels: LabelMap, first: str, by: int) -> LabelMap:
    """Rename a vertebra and everything below it by one level.

    Parameters
    ----------
    labels
        A map with vertebrae (and discs) in a scheme such as ``spine``.
    first
        Key of the first vertebra to rename, for example ``vertebra_T5``. It must be present.
    by
        +1: T5 becomes T6 (toward the tail); -1: T5 becomes T4 (toward the head).

    Returns
    -------
    LabelMap
        Discs follow the vertebra above them (the one on top of the chain moves along if that vertebra is not there);
        the lumbosacral disc and the sacrum keep their labels. Vertebrae that
        not everybody has (T13) count as levels only where they are present; L6 is used where L5 moves down.

    Raises
    ------
    UsageError
        ``first`` is not present, the new level of a vertebra is taken by one that does not move, or there is no level
        beyond the end of the spine.
    """
    if by not in (-1, 1):
        raise UsageError(f"Levels are shifted by +1 or -1; got {by}.", "For two levels, shift twice.")
    present = _present_keys(labels)
    if structure(first).kind != "vertebra" or first not in present:
        raise UsageError(f"{structure(first).name} is not a vertebra of this mask.", "Choose one that is present.")
    renamed = _shifted_vertebrae(labels.scheme, present, first, by)
    after = {renamed.get(key, key) for key in present}
    for disc in (key for key in present if structure(key).kind == "disc" and key != LAST_DISC):
        above = vertebra_above(disc, present)
        if above is not None and _moves(disc, above, first, present):
            start = spine_order((first, above))[0]
            renamed[disc] = _disc_of(_shifted_vertebrae(labels.scheme, present | {above}, start, by)[above], after)
    return rename(labels, renamed)


def swap_levels(labels: LabelMap, one: str, other: str) -> LabelMap:
    """Exchange the labels of two structures of one kind (two vertebrae, two discs)."""
    if structure(one).kind != structure(other).kind:
        raise UsageError(
            f"{structure(one).name} and {structure(other).name} are of different kinds.", "Choose two alike."
        )
    return rename(labels, {one: other, other: one})


def rename(labels: LabelMap, renamed: Mapping[str, str]) -> LabelMap:
    """Give structures other labels, all at once.

    Parameters
    ----------
    labels
        The map.
    renamed
        Old structure key to new one.

    Raises
    ------
    UsageError
        Two structures would end up under one label. Merging is asked for by :func:`merge`.
    """
    present = _present_keys(labels)
    kept = present - renamed.keys()
    targets = [new for old, new in renamed.items() if old in present]
    taken = sorted({new for new in targets if new in kept or targets.count(new) > 1})
    if taken:
        raise UsageError(
            f"{structure(taken[0]).name} would be there twice.",
            "Shift from a level further up, swap the two, or merge them if they are parts of one.",
        )
    return _mapped(labels, renamed)


def merge(labels: LabelMap, part: str, into: str) -> LabelMap:
    """Give all voxels of one structure to another (two halves of one vertebra)."""
    return _mapped(labels, {part: into})


def merge_fragment(labels: LabelMap, index: Sequence[int], into: str) -> LabelMap:
    """Give one connected piece to another structure.

    Parameters
    ----------
    labels
        The map.
    index
        Voxel (i, j, k) of the piece: the 26-connected component of its label there is relabelled.
    into
        Key of the structure that it belongs to.
    """
    if not all(0 <= place < size for place, size in zip(index, labels.geometry.shape, strict=True)):
        raise UsageError(f"The voxel {tuple(index)} lies outside of the mask.", "Choose a voxel of the piece.")
    value = int(labels.array[tuple(index)])
    if value == 0:
        raise UsageError("There is no label at this place.", "Choose a voxel of the piece.")
    components, _ = label_components(labels.array == value, FULL_CONNECTIVITY)
    target = labels.scheme.value_of(into)
    array = _wide_enough(labels.array, target)
    array[components == components[tuple(index)]] = target
    return labels.with_array(array)


def _present_keys(labels: LabelMap) -> set[str]:
    return {labels.scheme[value].structure.key for value in labels.values() if value in labels.scheme}


def _moves(disc: str, above: str, first: str, present: set[str]) -> bool:
    """Whether a disc is renamed along: the vertebra above it is, or it lies on ``first`` and has none of its own.

    The disc on top of a misnamed chain is named after a vertebra that is not there, by the same mistake.
    """
    return above in _from(first, present | {above}) or (above not in present and vertebra_below(disc, present) == first)


def _from(first: str, present: set[str]) -> tuple[str, ...]:
    """Vertebrae among ``present`` from ``first`` on, from head to tail."""
    vertebrae = spine_order({key for key in present if structure(key).kind == "vertebra"} | {first})
    return vertebrae[vertebrae.index(first) :]


def _shifted_vertebrae(scheme: LabelScheme, present: set[str], first: str, by: int) -> dict[str, str]:
    column = _column(scheme, present)
    moved = _from(first, present)
    last = column.index(moved[-1]) + by
    if last >= len(column):
        column += [key for key in _all_vertebrae(scheme) if key not in column and _is_beyond(key, column[-1])]
    if last >= len(column) or column.index(first) + by < 0:
        end = structure(moved[-1] if by > 0 else first).name
        raise UsageError(f"{end} cannot be shifted: there is no level beyond it.", "Shift the other way.")
    return {key: column[column.index(key) + by] for key in moved}


def _column(scheme: LabelScheme, present: set[str]) -> list[str]:
    """Vertebrae that a shift counts: those that everybody has, and the others where they are present."""
    return [key for key in _all_vertebrae(scheme) if key in present or not structure(key).variant]


def _all_vertebrae(scheme: LabelScheme) -> tuple[str, ...]:
    return spine_order(entry.structure.key for entry in scheme.of_kind("vertebra"))


def _is_beyond(key: str, last: str) -> bool:
    return spine_order((key, last))[0] == last


def _disc_of(vertebra: str, present: set[str]) -> str:
    disc = disc_below(vertebra, present)
    if disc is None:
        raise UsageError(f"There is no disc below {structure(vertebra).name}.", "Remove the disc there first.")
    return disc


def _mapped(labels: LabelMap, renamed: Mapping[str, str]) -> LabelMap:
    values = present_values(labels.array)
    table = np.arange(int(values[-1]) + 1 if len(values) else 1, dtype=np.int64)
    for old, new in renamed.items():
        value = labels.scheme.value_of(old)
        if value < table.size:
            table[value] = labels.scheme.value_of(new)
    return labels.with_array(table.astype(np.min_scalar_type(int(table.max())))[labels.array])


def _wide_enough(array: np.ndarray, value: int) -> np.ndarray:
    """Return a copy in a type that also holds ``value``."""
    return array.astype(np.promote_types(array.dtype, np.min_scalar_type(value)))
