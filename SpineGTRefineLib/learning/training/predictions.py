"""What a model makes of cases of a version, and how good that is, in the values and on the grids of the dataset.

The network sees the cases as they were exported, so a model of slices or of the box around the cord is tried on just
that; what it makes is put back to its place in the image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...errors import CancelledError, ChangedOnDiskError
from ...imaging import Image, read_image, read_labels, write_labels
from ...models import InstalledModel, LoadedModel, Prediction, load_model, predict
from ..evaluation import CaseMetrics, evaluate_case
from ..exchange import ExportedCase, put_back
from ..exchange.partial import unverified
from ..opinions import OPINIONS, write_opinions
from ..versions import Version

PREDICTIONS = "predictions"
"""Folder of a training with what its models made of cases that they did not see; what ``rank`` is given."""


@dataclass(frozen=True)
class ExportedCases:
    """Cases of a version as they were exported.

    Parameters
    ----------
    version
        The version.
    raw
        Folder of the exported dataset.
    cases
        The cases, or parts of cases, that are meant.
    """

    version: Version
    raw: Path
    cases: tuple[ExportedCase, ...]

    @property
    def names(self) -> frozenset[str]:
        """Keys of the cases."""
        return frozenset(case.case for case in self.cases)

    def by_case(self) -> Iterator[tuple[str, list[ExportedCase]]]:
        """Yield each case with its parts."""
        parts: dict[str, list[ExportedCase]] = {}
        for case in self.cases:
            parts.setdefault(case.case, []).append(case)
        yield from parts.items()


def predict_cases(
    model: InstalledModel,
    exported: ExportedCases,
    target: Path,
    *,
    opinions: bool = False,
    device: str = "auto",
    progress: Callable[[float, str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> None:
    """Write ``target/CASE.nii.gz`` for each case; those that are there already are kept.

    Parameters
    ----------
    model
        Installed with the scheme of its labels.
    exported
        The cases.
    target
        Folder for the masks.
    opinions
        Also write where the model is unsure and where a mirror changes its mind (:mod:`..opinions`), for the ranking;
        for cases that were exported whole.
    device, progress, cancel
        As for :func:`SpineGTRefineLib.models.predict`; ``progress`` is called with the name of each case.

    Raises
    ------
    CancelledError
        ``cancel`` returned True.
    """
    missing = [(case, parts) for case, parts in exported.by_case() if not (target / f"{case}.nii.gz").is_file()]
    loaded = load_model(model) if missing else None
    for number, (case, parts) in enumerate(missing):
        if cancel is not None and cancel():
            raise CancelledError("The prediction was stopped.", "Run it again to go on with the next case.")
        if progress is not None:
            progress(number / len(missing), case)
        assert loaded is not None
        native = read_image(exported.version.path_of(parts[0].images[0]))
        wanted = OPINIONS if opinions and _is_whole(parts) else ()
        said = [_said(loaded, exported, part, wanted, device, cancel) for part in parts]
        maps = [put_back(each.labels, native, part) for each, part in zip(said, parts, strict=True)]
        # Parts of a case never overlap.
        labels = maps[0].with_array(np.maximum.reduce([each.array for each in maps]))
        header = native.source.header if native.source else None
        path = target / f"{case}.nii.gz"
        if wanted:
            write_opinions(path, said[0], _images_of(exported, parts[0])[0])
        write_labels(path, replace(labels, source=None), header)  # last: a case that has its mask is not done again


def score_cases(exported: ExportedCases, folder: Path) -> list[CaseMetrics]:
    """Score the masks in a folder against those of the version.

    Of a case of which only verified parts count, the rest is left out of both masks.

    Parameters
    ----------
    exported
        The cases.
    folder
        Holds ``CASE.nii.gz`` for each of them.

    Raises
    ------
    ChangedOnDiskError
        A mask is not that of the version any more.
    """
    version, scheme = exported.version, exported.version.mask_type.scheme
    in_parts = {case.case for case in exported.cases if case.in_parts}
    scores = []
    for row in (row for row in version.rows if row.case in exported.names):
        prediction = read_labels(folder / f"{row.case}.nii.gz", scheme)
        truth = read_labels(version.path_of(row.mask), scheme, grid=prediction.geometry)
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


def _is_whole(parts: Sequence[ExportedCase]) -> bool:
    return len(parts) == 1 and parts[0].box is None and parts[0].grid is None


def _images_of(exported: ExportedCases, part: ExportedCase) -> list[Image]:
    folder = exported.raw / part.folders[0]
    return [read_image(folder / f"{part.name}_{channel:04d}.nii.gz") for channel in range(len(part.images))]


def _said(
    model: LoadedModel,
    exported: ExportedCases,
    part: ExportedCase,
    opinions: Sequence[str],
    device: str,
    cancel: Callable[[], bool] | None,
) -> Prediction:
    """Return what the model makes of a part, in the values of the version's scheme."""
    images = _images_of(exported, part)
    prediction = predict(images, model, outputs=("labels", *opinions), device=device, cancel=cancel)
    scheme = exported.version.mask_type.scheme
    if prediction.labels.scheme == scheme:
        return prediction
    return replace(prediction, labels=prediction.labels.converted(scheme)[0])
