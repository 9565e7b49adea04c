"""Bring label maps of nnU-Net back to their cases: the old values, on the image's own grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...bids import Dataset, SavedMask, save_mask
from ...errors import ChangedOnDiskError, MissingFileError, RefineError
from ...imaging import Box, Image, LabelMap, read_image, read_labels, reorient_to_grid, restore
from ...recipes.cord_crop import restore_native
from .record import ExportedCase, ExportRecord


@dataclass(frozen=True)
class ReadBack:
    """What became of one case: the mask that was saved, or the error."""

    case: str
    saved: SavedMask | None = None
    error: RefineError | None = None


def read_back(path: Path, record: ExportRecord, image: Image, exported: ExportedCase | None = None) -> LabelMap:
    """Read a label map of nnU-Net in the values of its scheme and on the grid of its image.

    Voxels with the ignore label, and those outside the part that was exported, become background.

    Parameters
    ----------
    path
        The label map.
    record
        Of the export that it belongs to.
    image
        The image of the case.
    exported
        Which part of the case it is; None for the whole.

    Raises
    ------
    LabelError
        It holds numbers that the dataset does not have.
    GeometryError
        It does not lie on the image's grid.
    """
    numbered = read_labels(path, record.numbers.scheme)
    labels = LabelMap(record.numbers.value(numbered.array), numbered.geometry, record.mask_type.scheme)
    return put_back(labels, image, exported)


def put_back(labels: LabelMap, image: Image, exported: ExportedCase | None = None) -> LabelMap:
    """Put labels of an exported case, or of a part of it, onto the grid of its image; see :func:`read_back`."""
    if exported is not None and exported.geometry is not None:
        if exported.window is not None:
            labels = exported.window.restore(reorient_to_grid(labels, exported.window.geometry))
        return restore_native(replace(reorient_to_grid(labels, exported.geometry), source=None), image.geometry)
    if exported is None or exported.box is None:
        turned = reorient_to_grid(labels, image.geometry)
        return LabelMap(turned.array, image.geometry, turned.scheme)
    box = Box(*exported.box)
    place = image.geometry.with_shape_and_origin(box.shape, box.start)
    return restore(replace(reorient_to_grid(labels, place), geometry=place), image.geometry)


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
    parts: dict[str, list[tuple[ExportedCase, Path]]] = {}
    for exported in record.cases:
        path = folder / f"{exported.name}.nii.gz"
        if path.is_file():
            parts.setdefault(exported.case, []).append((exported, path))
    if not parts:
        raise MissingFileError(
            f"{folder} holds no label map of any exported case.",
            f"Give a folder with files such as {record.cases[0].name}.nii.gz.",
        )
    results = []
    for number, (case, files) in enumerate(parts.items()):
        if progress is not None:
            progress(number, len(parts), case)
        try:
            results.append(ReadBack(case, _save(dataset, record, files, model)))
        except RefineError as error:
            results.append(ReadBack(case, error=error))
    return tuple(results)


def _save(dataset: Dataset, record: ExportRecord, files: Sequence[tuple[ExportedCase, Path]], model: str) -> SavedMask:
    """Save the parts of a case as one mask; parts never overlap."""
    first = files[0][0]
    case = dataset.case(first.case)
    image = read_image(case.image)
    if image.source is None or image.source.sha256 != first.image_sha256:
        raise ChangedOnDiskError(
            f"{case.image.name} is not the image that was exported.", "Export the version again and predict anew."
        )
    maps = [read_back(path, record, image, exported) for exported, path in files]
    labels = maps[0].with_array(np.maximum.reduce([each.array for each in maps]))
    generated_by = [{"Name": model, "Description": f"Trained on version {record.version}"}]
    sources = [path for _, path in files]
    return save_mask(dataset, case, record.mask_type, labels, image=image, sources=sources, generated_by=generated_by)
