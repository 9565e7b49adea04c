"""Levels along the spine, slice by slice: is each rootlet level in the right slices, and well drawn there.

Slices are those of the voxel axis nearest to head-foot. All numbers come from three tables of voxels per level and
slice (prediction, truth, both), counted in one pass each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from ...anatomy import LabelEntry
from ...imaging import Geometry, LabelMap

Number = TypeVar("Number", int, float, np.ndarray)

LEVEL_KINDS = ("rootlets", "spinal_level")
"""Kinds of structures that are also compared slice by slice."""


@dataclass(frozen=True)
class LevelMetrics:
    """One level, slice by slice. Positive shifts point to the feet. What cannot be said is None, never NaN.

    Parameters
    ----------
    key, name
        The level.
    slices_shared, slices_missed, slices_extra, slices_free
        Slices that have the level in both, only in the truth, only in the prediction, and, between the first and the
        last of these, in none.
    z_f1
        F1 score of the slices: 2 shared / (2 shared + missed + extra).
    slice_dice
        Mean Dice over the slices that have the level in prediction or truth.
    shared_slice_dice
        Mean Dice over the slices that have it in both; None where there are none.
    prediction_mm, truth_mm
        Extent along head-foot; 0 where the level is absent.
    head_shift_mm, foot_shift_mm
        How far the upper and the lower end lie below those of the truth; None where one of the two lacks the level.
    """

    key: str
    name: str
    slices_shared: int
    slices_missed: int
    slices_extra: int
    slices_free: int
    z_f1: float
    slice_dice: float
    shared_slice_dice: float | None
    prediction_mm: float
    truth_mm: float
    head_shift_mm: float | None
    foot_shift_mm: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON and tables."""
        return asdict(self)


@dataclass(frozen=True)
class HeadFoot:
    """The voxel axis nearest to head-foot.

    Parameters
    ----------
    axis
        0, 1 or 2.
    count
        Number of slices.
    downward
        Whether the index grows toward the feet.
    step_mm
        Distance of two slices.
    """

    axis: int
    count: int
    downward: bool
    step_mm: float

    @classmethod
    def of(cls, geometry: Geometry) -> HeadFoot:
        """Find the axis of a grid."""
        axis = int(np.flatnonzero(geometry.orientation[:, 0] == 2)[0])
        return cls(axis, geometry.shape[axis], bool(geometry.orientation[axis, 1] < 0), geometry.spacing[axis])

    def from_head(self, index: Number) -> Number:
        """Count slices from the head end; counting twice gives the index again."""
        return index if self.downward else self.count - 1 - index

    def table(self, array: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Count the voxels of each of ``values`` (ascending) in each slice, the head's slice first.

        Returns
        -------
        numpy.ndarray
            Shape (values, slices), integers.
        """
        voxels = np.nonzero(array)
        found = array[voxels]
        rows = np.searchsorted(values, found)
        known = values[np.minimum(rows, values.size - 1)] == found
        codes = rows[known].astype(np.int64) * self.count + voxels[self.axis][known]
        table = np.bincount(codes, minlength=values.size * self.count).reshape(values.size, self.count)
        return table if self.downward else table[:, ::-1]


def measure_levels(prediction: LabelMap, truth: LabelMap) -> tuple[LevelMetrics, ...]:
    """Compare the rootlets or spinal levels of two maps slice by slice, from head to tail.

    Parameters
    ----------
    prediction, truth
        On one grid, in one scheme.

    Returns
    -------
    tuple of LevelMetrics
        One for each level that one of the two has; empty for schemes without such levels.
    """
    entries = truth.scheme.of_kind(*LEVEL_KINDS)
    if not entries:
        return ()
    along = HeadFoot.of(truth.geometry)
    values = np.array(sorted(entry.value for entry in entries))
    shared = np.where(prediction.array == truth.array, truth.array, 0)
    tables = [along.table(array, values) for array in (prediction.array, truth.array, shared)]
    rows = {value: [table[row] for table in tables] for row, value in enumerate(values.tolist())}
    return tuple(_present(entries, rows, along.step_mm))


def _present(
    entries: Iterable[LabelEntry], rows: dict[int, list[np.ndarray]], step_mm: float
) -> Iterable[LevelMetrics]:
    for entry in entries:
        predicted, true, shared = rows[entry.value]
        if predicted.any() or true.any():
            yield _measure(entry, predicted, true, shared, step_mm)


def _measure(
    entry: LabelEntry, predicted: np.ndarray, true: np.ndarray, shared: np.ndarray, step_mm: float
) -> LevelMetrics:
    in_prediction, in_truth = predicted > 0, true > 0
    either, both = in_prediction | in_truth, in_prediction & in_truth
    dice = 2 * shared[either] / (predicted + true)[either]
    n_both, n_either = int(both.sum()), int(either.sum())
    own, reference = _ends(in_prediction), _ends(in_truth)
    shifts = [(a - b) * step_mm for a, b in zip(own, reference, strict=True)] if own and reference else [None, None]
    return LevelMetrics(
        key=entry.structure.key,
        name=entry.structure.name,
        slices_shared=n_both,
        slices_missed=int((in_truth & ~both).sum()),
        slices_extra=int((in_prediction & ~both).sum()),
        slices_free=int(np.ptp(np.flatnonzero(either))) + 1 - n_either,
        z_f1=2 * n_both / (n_both + n_either),
        slice_dice=float(dice.mean()),
        shared_slice_dice=float(dice[both[either]].mean()) if n_both else None,
        prediction_mm=_extent(own, step_mm),
        truth_mm=_extent(reference, step_mm),
        head_shift_mm=shifts[0],
        foot_shift_mm=shifts[1],
    )


def _ends(present: np.ndarray) -> tuple[int, ...]:
    """First and last slice from the head, both inside; empty if there is none."""
    found = np.flatnonzero(present)
    return (int(found[0]), int(found[-1])) if found.size else ()


def _extent(ends: tuple[int, ...], step_mm: float) -> float:
    return (ends[1] - ends[0] + 1) * step_mm if ends else 0.0
