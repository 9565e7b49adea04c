"""Instances regardless of their names: were the vertebrae found, how well are they drawn, and how many are misnamed.

A chain of vertebrae that is labelled one level off has a Dice of 0 everywhere, although every vertebra is drawn well.
The panoptic quality of Kirillov et al. (CVPR 2019) separates the two, and the share of right names is told beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...anatomy import LabelScheme
from ...refine.overlap import OverlapTable

MATCHING_IOU = 0.5
"""Two instances are one if they share more than this part of their union: then no instance can have two partners."""

THIN_KINDS = frozenset({"rootlets", "point"})
"""Threads and points of a few voxels never share half of their union, however well they are drawn: not matched."""


@dataclass(frozen=True)
class InstanceMetrics:
    """How well the instances of one kind of structure were found.

    Parameters
    ----------
    kind
        ``vertebra``, ``disc``, ``rootlets`` ...
    found
        Instances of the truth that have a partner.
    missed, extra
        Instances of the truth and of the prediction without a partner.
    rightly_named
        How many of those found carry the truth's name.
    sq
        Segmentation quality: mean overlap (intersection over union) of those found; None where none was found.
    """

    kind: str
    found: int
    missed: int
    extra: int
    rightly_named: int
    sq: float | None

    @property
    def rq(self) -> float:
        """Recognition quality: the F1 score of finding instances."""
        return self.found / (self.found + (self.missed + self.extra) / 2)

    @property
    def pq(self) -> float:
        """Panoptic quality: recognition times segmentation quality."""
        return self.rq * (self.sq or 0.0)

    @property
    def naming(self) -> float | None:
        """Share of the instances found that carry the right name; None where none was found."""
        return self.rightly_named / self.found if self.found else None

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON and tables."""
        return {**asdict(self), "rq": self.rq, "pq": self.pq, "naming": self.naming}


def measure_instances(overlap: OverlapTable, scheme: LabelScheme) -> tuple[InstanceMetrics, ...]:
    """Match the instances of each kind of which one of the two maps has at least two, thin ones left out.

    Parameters
    ----------
    overlap
        Joint histogram of prediction (rows) and truth (columns); each value is one instance.
    scheme
        The meaning of the values of both.
    """
    return tuple(_match(kind, rows, columns, overlap) for kind, rows, columns in _kinds(overlap, scheme))


def _kinds(overlap: OverlapTable, scheme: LabelScheme) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for kind in dict.fromkeys(entry.structure.kind for entry in scheme if entry.structure.kind not in THIN_KINDS):
        values = [entry.value for entry in scheme.of_kind(kind)]
        rows, columns = (np.flatnonzero(np.isin(axis, values)) for axis in (overlap.rows, overlap.columns))
        if max(rows.size, columns.size) > 1:
            yield kind, rows, columns


def _match(kind: str, rows: np.ndarray, columns: np.ndarray, overlap: OverlapTable) -> InstanceMetrics:
    shared = overlap.voxels[np.ix_(rows, columns)]
    sizes = overlap.voxels.sum(axis=1)[rows][:, None] + overlap.voxels.sum(axis=0)[columns][None, :]
    iou = shared / np.maximum(sizes - shared, 1)
    partners = np.argwhere(iou > MATCHING_IOU)
    named = sum(overlap.rows[rows[row]] == overlap.columns[columns[column]] for row, column in partners)
    return InstanceMetrics(
        kind=kind,
        found=len(partners),
        missed=columns.size - len(partners),
        extra=rows.size - len(partners),
        rightly_named=int(named),
        sq=float(np.mean([iou[row, column] for row, column in partners])) if len(partners) else None,
    )
