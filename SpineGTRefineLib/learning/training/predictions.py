"""What a trained model makes of cases that it did not see, in the values and on the grids of the dataset.

The network sees the cases as they were exported, so a model of slices or of the box around the cord is tried on just
that; what it makes is put back to its place in the image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import CancelledError, ChangedOnDiskError
from ...imaging import LabelMap, read_image, read_labels, write_labels
from ...models import InstalledModel, load_model, predict
from ..evaluation import CaseMetrics, evaluate_case
from ..exchange import ExportedCase, put_back
from ..exchange.partial import unverified
from ..versions import Version, VersionCase
from .data import TrainingData

PREDICTIONS = "predictions"
"""Folder of a training with what its models made of cases that they did not see; what ``rank`` is given."""


def predict_cases(
    model: InstalledModel,
    data: TrainingData,
    version: Version,
    cases: Iterable[ExportedCase],
    target: Path,
    *,
    device: str = "auto",
    progress: Callable[[float, str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> None:
    """Write ``target/CASE.nii.gz`` for each case; those that are there already are kept.

    Parameters
    ----------
    model
        Its values must be those of the exported dataset (an entry without a scheme).
    data, version
        What it was trained on.
    cases
        Exported cases, or parts of cases, that it did not see.
    target
        Folder for the masks.
    device, progress, cancel
        As for :func:`SpineGTRefineLib.models.predict`.

    Raises
    ------
    CancelledError
        ``cancel`` returned True.
    """
    missing = {case: parts for case, parts in _by_case(cases).items() if not (target / f"{case}.nii.gz").is_file()}
    if not missing:
        return
    loaded = load_model(model)
    for number, (case, parts) in enumerate(missing.items()):
        if cancel is not None and cancel():
            raise CancelledError("The prediction was stopped.", "Run it again to go on with the next case.")
        if progress is not None:
            progress(number / len(missing), case)
        native = read_image(version.path_of(parts[0].images[0]))
        maps = []
        for part in parts:
            folder = data.raw / part.folders[0]
            channels = range(len(part.images))
            images = [read_image(folder / f"{part.name}_{channel:04d}.nii.gz") for channel in channels]
            said = predict(images, loaded, device=device, cancel=cancel).labels
            numbered = LabelMap(said.array, said.geometry, data.record.numbers.scheme)
            maps.append(put_back(numbered, data.record, native, part))
        # Parts of a case never overlap.
        labels = maps[0].with_array(np.maximum.reduce([each.array for each in maps]))
        header = native.source.header if native.source else None
        write_labels(target / f"{case}.nii.gz", replace(labels, source=None), header)


def score_cases(
    version: Version, rows: Sequence[VersionCase], folder: Path, in_parts: frozenset[str] = frozenset()
) -> list[CaseMetrics]:
    """Score the masks in a folder against those of the version.

    Parameters
    ----------
    version, rows
        Cases to score.
    folder
        Holds ``CASE.nii.gz`` for each of them.
    in_parts
        Cases of which only the verified parts count: the rest is left out of both masks.

    Raises
    ------
    ChangedOnDiskError
        A mask is not that of the version any more.
    """
    scores = []
    for row in rows:
        prediction = read_labels(folder / f"{row.case}.nii.gz", version.mask_type.scheme)
        truth = read_labels(version.path_of(row.mask), version.mask_type.scheme, grid=prediction.geometry)
        if truth.source is None or truth.source.sha256 != row.mask_sha256:
            raise ChangedOnDiskError(
                f"The mask of {row.case} is not the one that {version.name} was made from.",
                "Build a new version and train on that, or bring the old mask back (history restore).",
            )
        if row.case in in_parts:
            ignored = unverified(truth, row.verified)
            truth, prediction = (each.with_array(np.where(ignored, 0, each.array)) for each in (truth, prediction))
        scores.append(evaluate_case(prediction, truth, name=row.case))
    return scores


def _by_case(cases: Iterable[ExportedCase]) -> dict[str, list[ExportedCase]]:
    parts: dict[str, list[ExportedCase]] = {}
    for case in cases:
        parts.setdefault(case.case, []).append(case)
    return parts


def exported_cases(data: TrainingData, names: frozenset[str]) -> Iterator[ExportedCase]:
    """Yield the exported cases, or parts of cases, with these names."""
    return (case for case in data.record.cases if case.name in names)
