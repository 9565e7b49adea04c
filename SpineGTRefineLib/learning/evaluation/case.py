"""One case: everything that can be said about a prediction and its truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ...anatomy import LabelScheme
from ...errors import LabelError, UsageError
from ...imaging import LabelMap, reorient_to_grid
from ...refine.inputs import require_positive
from ...refine.overlap import joint_histogram
from .instances import InstanceMetrics, measure_instances
from .slices import LevelMetrics, measure_levels
from .structures import StructureMetrics, measure_structures

TOLERANCE_MM = 1.0
"""Surfaces no further apart than this count as one."""

STRUCTURE_METRICS = ("dice", "nsd", "hd95_mm", "volume_ratio")
"""Metrics that every structure has."""


@dataclass(frozen=True)
class CaseMetrics:
    """All metrics of one case.

    Parameters
    ----------
    name
        The case (its key, such as ``sub-01_T2w``).
    tolerance_mm
        Tolerance of ``nsd``.
    structures
        One entry for each structure that prediction or truth has, from head to tail. Structures that both lack are not
        listed: they agree.
    instances
        One entry for each kind with several instances.
    levels
        One entry for each level of rootlets or of the cord.
    remarks
        What had to be done to compare the two.
    """

    name: str
    tolerance_mm: float
    structures: tuple[StructureMetrics, ...]
    instances: tuple[InstanceMetrics, ...] = ()
    levels: tuple[LevelMetrics, ...] = ()
    remarks: tuple[str, ...] = ()

    def value(self, key: str, metric: str) -> float | None:
        """Return a metric of a structure; None where it is not listed or the metric cannot be said."""
        found = next((entry for entry in self.structures if entry.key == key), None)
        number: float | None = getattr(found, metric, None)
        return number

    def mean(self, metric: str) -> float | None:
        """Mean of a metric over the structures that have it; None where none has."""
        if metric not in STRUCTURE_METRICS:
            raise UsageError(f"There is no metric {metric!r}.", f"Choose one of: {', '.join(STRUCTURE_METRICS)}.")
        numbers = [number for entry in self.structures if (number := getattr(entry, metric)) is not None]
        return fmean(numbers) if numbers else None

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "case": self.name,
            "tolerance_mm": self.tolerance_mm,
            "mean": {metric: self.mean(metric) for metric in STRUCTURE_METRICS},
            "structures": [entry.as_dict() for entry in self.structures],
            "instances": [entry.as_dict() for entry in self.instances],
            "levels": [entry.as_dict() for entry in self.levels],
            "remarks": list(self.remarks),
        }


def evaluate_case(
    prediction: LabelMap, truth: LabelMap, *, name: str = "", tolerance_mm: float = TOLERANCE_MM
) -> CaseMetrics:
    """Compare a prediction with the truth.

    Parameters
    ----------
    prediction
        May be stored in another axis order than the truth, and in another label scheme: it is expressed in the truth's.
    truth
        What it is compared with.
    name
        The case, for reports.
    tolerance_mm
        How far apart two surfaces may lie and still count as one, for ``nsd``.

    Raises
    ------
    GeometryError
        The two do not lie on the same voxels.
    LabelError
        A map holds values that its scheme does not know.
    """
    require_positive(tolerance_mm, "tolerance in mm")
    prediction = reorient_to_grid(prediction, truth.geometry)
    remarks: tuple[str, ...] = ()
    if prediction.scheme.name != truth.scheme.name:
        _require_known(prediction.values(), prediction.scheme, "prediction")
        prediction, loss = prediction.converted(truth.scheme)
        lost = ", ".join((*loss.dropped, *loss.merged))
        remarks = (f"The truth's scheme {truth.scheme.name!r} has no value of its own for {lost}.",) if lost else ()
    overlap = joint_histogram(prediction.array, truth.array)
    _require_known(overlap.rows.tolist(), truth.scheme, "prediction")
    _require_known(overlap.columns.tolist(), truth.scheme, "truth")
    return CaseMetrics(
        name=name,
        tolerance_mm=tolerance_mm,
        structures=measure_structures(prediction, truth, overlap, tolerance_mm),
        instances=measure_instances(overlap, truth.scheme),
        levels=measure_levels(prediction, truth),
        remarks=remarks,
    )


def _require_known(values: Iterable[int], scheme: LabelScheme, what: str) -> None:
    unknown = [value for value in values if value != 0 and value not in scheme]
    if unknown:
        raise LabelError(
            f"The {what} holds values that the scheme {scheme.name!r} does not know: "
            f"{', '.join(map(str, unknown[:10]))}.",
            "Name the right scheme with --scheme, or correct the mask.",
        )
