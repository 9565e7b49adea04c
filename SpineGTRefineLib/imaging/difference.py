"""What really changed between two masks, value by value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import GeometryError
from .counting import value_counts
from .volumes import LabelMap


@dataclass(frozen=True)
class ValueDifference:
    """How one label value changed.

    Parameters
    ----------
    value
        The label.
    voxels_before, voxels_after
        Its voxels in each mask.
    added, removed
        Voxels that hold it only after, only before.
    dice
        Overlap of before and after, 0 to 1.
    """

    value: int
    voxels_before: int
    voxels_after: int
    added: int
    removed: int
    dice: float


@dataclass(frozen=True)
class LabelDifference:
    """Difference of two masks on one grid.

    Parameters
    ----------
    values
        One row for each value present before or after, ascending, without background.
    changed_voxels
        Voxels that hold another value than before.
    """

    values: tuple[ValueDifference, ...]
    changed_voxels: int

    @property
    def edited(self) -> bool:
        """Whether any voxel changed."""
        return self.changed_voxels > 0


def label_difference(before: LabelMap | None, after: LabelMap) -> LabelDifference:
    """Compare two masks on the same grid. ``before=None`` stands for an empty mask (there was none).

    Raises
    ------
    GeometryError
        The masks lie on different grids.
    """
    new = after.array
    if before is None:
        old = np.zeros(1, dtype=np.uint8)
    elif not before.geometry.matches(after.geometry):
        raise GeometryError(
            f"The two masks lie on different grids: {before.geometry} and {after.geometry}.",
            "Reorient or resample one of them first.",
        )
    else:
        old = before.array
    same = old == new
    n_before, n_after, n_same = value_counts(old), value_counts(new), value_counts(new[same])
    values = sorted((n_before.keys() | n_after.keys()) - {0})
    rows = tuple(_row(v, n_before.get(v, 0), n_after.get(v, 0), n_same.get(v, 0)) for v in values)
    return LabelDifference(rows, int(same.size - np.count_nonzero(same)))


def _row(value: int, before: int, after: int, same: int) -> ValueDifference:
    return ValueDifference(value, before, after, after - same, before - same, 2 * same / (before + after))
