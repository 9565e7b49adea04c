"""Bring label maps of nnU-Net back to their cases: the old values, on the image's own grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...bids import Dataset, SavedMask, save_mask
from ...errors import ChangedOnDiskError, MissingFileError, RefineError
from ...imaging import Image, LabelMap, read_image, read_labels, reorient_to_grid
from .record import ExportedCase, ExportRecord


@dataclass(frozen=True)
class ReadBack:
    """What became of one case: the mask that was saved, or the error."""

    case: str
    saved: SavedMask | None = None
    error: RefineError | None = None


def read_back(path: Path, record: ExportRecord, image: Image) -> LabelMap:
    """Read a label map of nnU-Net in the values of its scheme and on the grid of its image.

    Voxels with the ignore label become background.

    Raises
    ------
    LabelError
        It holds numbers that the dataset does not have.
    GeometryError
        It does not lie on the image's grid.
    """
    numbered = read_labels(path, record.numbers.scheme)
    labels = LabelMap(record.numbers.value(numbered.array), numbered.geometry, record.mask_type.scheme)
    turned = reorient_to_grid(labels, image.geometry)
    return LabelMap(turned.array, image.geometry, turned.scheme)


def save_back(
    dataset: Dataset,
    record: ExportRecord,
    folder: Path,
    *,
    model: str = "nnU-Net",
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[ReadBack, ...]:
    """Save what nnU-Net predicted as proposals of the dataset; one failing case never stops the others.

    Parameters
    ----------
    dataset
        Where the cases are now.
    record
        Of the export that the model was trained or run on.
    folder
        Files named as in the export (``labelsTr``, or nnU-Net's output folder); cases without a file are passed over.
    model
        Name that the sidecars give for what made the masks.
    progress
        Called with (done, total, case).

    Raises
    ------
    MissingFileError
        The folder holds no file of any case.
    """
    found = [(case, folder / f"{case.name}.nii.gz") for case in record.cases]
    found = [(case, path) for case, path in found if path.is_file()]
    if not found:
        raise MissingFileError(
            f"{folder} holds no label map of any exported case.",
            f"Give a folder with files such as {record.cases[0].name}.nii.gz.",
        )
    results = []
    for number, (case, path) in enumerate(found):
        if progress is not None:
            progress(number, len(found), case.case)
        try:
            results.append(ReadBack(case.case, _save(dataset, record, case, path, model)))
        except RefineError as error:
            results.append(ReadBack(case.case, error=error))
    return tuple(results)


def _save(dataset: Dataset, record: ExportRecord, exported: ExportedCase, path: Path, model: str) -> SavedMask:
    case = dataset.case(exported.case)
    image = read_image(case.image)
    if image.source is None or image.source.sha256 != exported.image_sha256:
        raise ChangedOnDiskError(
            f"{case.image.name} is not the image that was exported.", "Export the version again and predict anew."
        )
    labels = read_back(path, record, image)
    generated_by = [{"Name": model, "Description": f"Trained on version {record.version}"}]
    return save_mask(dataset, case, record.mask_type, labels, image=image, sources=[path], generated_by=generated_by)
