"""Steps that give voxels another name by where they lie: names from a second map, endplates to their vertebra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..errors import UsageError
from ..imaging import LabelMap
from . import growth
from .inputs import require_same_grid, values_of_kinds
from .overlap import joint_histogram

ENDPLATE_REACH_MM = 4.0
"""An endplate goes with the nearest vertebra or sacrum, if one is this close."""

DISTINCT_KINDS = ("vertebra", "disc", "sacrum")
"""Structures of these kinds are never named after one of another of them."""


@dataclass(frozen=True)
class Named:
    """One structure and the name it got.

    Parameters
    ----------
    value
        Its label in the map of shapes.
    key
        Structure that it was named after; None if none fits.
    dice
        How well the two agree; 0 for none.
    """

    value: int
    key: str | None
    dice: float


@dataclass(frozen=True, eq=False)
class Transfer:
    """Shapes under their new names.

    Parameters
    ----------
    labels
        The shapes, in the scheme of the names; shapes without a name are background.
    named
        What became of every shape, ascending by its label.
    """

    labels: LabelMap
    named: tuple[Named, ...]


def transfer_labels(
    shapes: LabelMap, names: LabelMap, *, minimum_dice: float = 0.1, one_to_one: bool = True
) -> Transfer:
    """Give every structure of one map the label that it overlaps best in another map.

    Parameters
    ----------
    shapes
        The voxels that are wanted, whatever their labels are.
    names
        The labels that are wanted, whatever their shape is; on the same grid.
    minimum_dice
        Less agreement gives no name.
    one_to_one
        Every name is given once, and so that the sum of Dice scores is largest. Otherwise each shape takes its best
        name (two halves of one vertebra become one).

    Returns
    -------
    Transfer
        Where both schemes say what a label is, vertebrae become vertebrae and discs become discs only.

    Raises
    ------
    GeometryError
        The grids differ.
    UsageError
        ``minimum_dice`` is not between 0 and 1.
    """
    require_same_grid(shapes, names, "map of names")
    if not 0 <= minimum_dice <= 1:
        raise UsageError(f"A Dice score lies between 0 and 1; got {minimum_dice:g}.")
    table = joint_histogram(shapes.array, names.array)
    rows, columns = table.rows[1:], table.columns[1:]
    dice = table.dice()[1:, 1:] * _comparable(shapes, rows, names, columns)
    best = _best_columns(dice, minimum_dice, one_to_one=one_to_one)
    lookup = np.zeros(int(rows.max(initial=0)) + 1, dtype=np.min_scalar_type(int(columns.max(initial=0))))
    named = []
    for row, value in enumerate(rows.tolist()):
        column = best.get(row)
        if column is None:
            named.append(Named(value, None, 0.0))
        else:
            lookup[value] = columns[column]
            named.append(Named(value, _key(names, int(columns[column])), float(dice[row, column])))
    return Transfer(LabelMap(lookup[shapes.array], shapes.geometry, names.scheme, shapes.source), tuple(named))


def merge_endplates(labels: LabelMap, reach_mm: float = ENDPLATE_REACH_MM) -> LabelMap:
    """Give every endplate voxel to the nearest vertebra or sacrum (or part of a vertebra).

    The number of an endplate in SPINEPS masks (200 and more) says only which vertebra is nearest above, so the voxels
    themselves decide. Voxels with none within ``reach_mm`` stay endplate.

    Raises
    ------
    UsageError
        The map's scheme has no endplates.
    """
    endplates = labels.mask(values_of_kinds(labels, ["endplate"]))
    if not values_of_kinds(labels, ["endplate"]):
        raise UsageError(f"A mask of the scheme {labels.scheme.name!r} has no endplates.")
    bones = labels.mask(values_of_kinds(labels, ["vertebra", "vertebra_part", "sacrum"]))
    grown = growth.expand(np.where(bones, labels.array, 0), labels.geometry.spacing, reach_mm)
    return labels.with_array(np.where(endplates & (grown != 0), grown, labels.array))


def _best_columns(dice: np.ndarray, minimum: float, *, one_to_one: bool) -> dict[int, int]:
    """Choose a column for each row that has one good enough."""
    if dice.size == 0:
        return {}
    if one_to_one:
        rows, columns = linear_sum_assignment(dice, maximize=True)
    else:
        rows, columns = np.arange(dice.shape[0]), dice.argmax(axis=1)
    good = (dice[rows, columns] > 0) & (dice[rows, columns] >= minimum)
    return dict(zip(rows[good].tolist(), columns[good].tolist(), strict=True))


def _comparable(shapes: LabelMap, rows: np.ndarray, names: LabelMap, columns: np.ndarray) -> np.ndarray:
    """1 where a shape may have a name, 0 where both are known to be different kinds of structures."""
    one = [_class(shapes, int(value)) for value in rows]
    other = [_class(names, int(value)) for value in columns]
    fits = [a is None or b is None or a == b for a in one for b in other]
    return np.array(fits, dtype=float).reshape(len(one), len(other))


def _class(labels: LabelMap, value: int) -> str | None:
    kind = labels.scheme[value].structure.kind if value in labels.scheme else None
    return kind if kind in DISTINCT_KINDS else None


def _key(labels: LabelMap, value: int) -> str:
    return labels.scheme[value].structure.key if value in labels.scheme else f"label {value}"
