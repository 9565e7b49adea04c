"""How well each structure of a mask agrees with the truth: overlap, surface, volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from scipy import ndimage

from ...anatomy import LabelEntry, structure
from ...imaging import LabelMap
from ...refine.overlap import OverlapTable
from .surfaces import surface_distances

Slices3 = tuple[slice, slice, slice]
Presence = Literal["both", "missed", "extra"]


@dataclass(frozen=True)
class StructureMetrics:
    """How well one structure agrees. No number is ever NaN: what cannot be said is None.

    Parameters
    ----------
    key, name, kind
        The structure, as in :mod:`SpineGTRefineLib.anatomy`.
    value
        Its label in the truth's scheme.
    dice
        Shared voxels, 2 |P and T| / (|P| + |T|); 0 where only one of the two has the structure.
    nsd
        Share of both surfaces within the tolerance of the other; 0 where only one of the two has the structure.
    hd95_mm
        Distance that 95 % of each surface keeps to the other; None where only one of the two has the structure.
    volume_ratio
        Volume of the prediction divided by that of the truth; None where the truth lacks the structure.
    prediction_mm3, truth_mm3
        The volumes.
    """

    key: str
    name: str
    kind: str
    value: int
    dice: float
    nsd: float
    hd95_mm: float | None
    volume_ratio: float | None
    prediction_mm3: float
    truth_mm3: float

    @property
    def presence(self) -> Presence:
        """Whether ``both`` have the structure, the prediction ``missed`` it, or has it as an ``extra``."""
        if self.prediction_mm3 and self.truth_mm3:
            return "both"
        return "missed" if self.truth_mm3 else "extra"

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON and tables."""
        return {**asdict(self), "presence": self.presence}


def from_head_to_tail(key: str) -> tuple[bool, float, str]:
    """Sort structures by their place along the spine; what runs along all of it stands last."""
    order = structure(key).order
    return order is None, order or 0.0, key


def measure_structures(
    prediction: LabelMap, truth: LabelMap, overlap: OverlapTable, tolerance_mm: float
) -> tuple[StructureMetrics, ...]:
    """Compare every structure that one of the two maps has, from head to tail.

    Parameters
    ----------
    prediction, truth
        On one grid, in one scheme.
    overlap
        Joint histogram of prediction (rows) and truth (columns).
    tolerance_mm
        How far apart two surfaces may lie and still count as one, for ``nsd``.
    """
    boxes = dict(_boxes(prediction.array, truth.array))
    entries = sorted((truth.scheme[value] for value in boxes), key=lambda entry: from_head_to_tail(entry.structure.key))
    return tuple(_measure(entry, prediction, truth, overlap, boxes[entry.value], tolerance_mm) for entry in entries)


def _measure(
    entry: LabelEntry, prediction: LabelMap, truth: LabelMap, overlap: OverlapTable, box: Slices3, tolerance_mm: float
) -> StructureMetrics:
    value = entry.value
    predicted, true = overlap.row_size(value), overlap.column_size(value)
    shared = overlap.shared(value, value)
    nsd, hd95 = 0.0, None
    if shared == predicted == true:
        nsd, hd95 = 1.0, 0.0
    elif predicted and true:
        spacing = truth.geometry.spacing
        distances = surface_distances(prediction.array[box] == value, truth.array[box] == value, spacing)
        nsd, hd95 = distances.dice(tolerance_mm), distances.hausdorff_mm()
    volume = truth.geometry.voxel_volume
    return StructureMetrics(
        key=entry.structure.key,
        name=entry.structure.name,
        kind=entry.structure.kind,
        value=value,
        dice=2 * shared / (predicted + true),
        nsd=nsd,
        hd95_mm=hd95,
        volume_ratio=predicted / true if true else None,
        prediction_mm3=predicted * volume,
        truth_mm3=true * volume,
    )


def _boxes(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[int, Slices3]]:
    """Yield every value of two arrays with the smallest box around its voxels in both."""
    count = max(int(first.max()), int(second.max()))
    both = (ndimage.find_objects(array, count) for array in (first, second))
    for value, (one, other) in enumerate(zip(*both, strict=True), start=1):
        if one is None and other is None:
            continue
        yield value, _around(one or other, other or one)


def _around(first: Slices3, second: Slices3) -> Slices3:
    i, j, k = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
    return i, j, k
