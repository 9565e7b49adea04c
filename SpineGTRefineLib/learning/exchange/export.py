"""Write a version as a raw dataset of nnU-Net. What was stopped goes on; what is not whole has no name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...bids.jsonfiles import json_text, read_json
from ...errors import CancelledError, ChangedOnDiskError, GeometryError, UsageError, WriteError
from ...fileops import remedy_for, write_text_atomic
from ...imaging import Box, Image, LabelMap, crop, read_image, read_labels, reorient, write_image, write_labels
from ...models.orientation import to_sct
from ...recipes.cord_crop import cut_image, cut_labels
from ..nnunet_planning import SPLITS
from ..preparation import prepared_labels
from ..raw_dataset import dataset_description
from ..versions import NO_FOLD, Version
from .partial import unverified
from .record import RECORD, ExportedCase, ExportRecord
from .selection import ExportSettings

Progress = Callable[[int, int, str], None]


def export_version(
    version: Version,
    raw: Path,
    settings: ExportSettings,
    *,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Path:
    """Write ``raw/DatasetNNN_Name``: training and test cases, folds, and the record of the way back.

    Cases that an interrupted export wrote are kept. A dataset that is whole already is not written again.

    Returns
    -------
    Path
        The folder of the dataset.

    Raises
    ------
    UsageError
        Another dataset has this number.
    ChangedOnDiskError
        An image or a mask is not that of the version.
    GeometryError
        The channels of a case lie on different grids.
    CancelledError
        ``cancel`` returned True.
    WriteError
        The disk is full, or the folder read-only.
    """
    record = ExportRecord.of(version, settings)
    target = raw / settings.folder_name
    if _is_whole(target, record):
        return target
    _refuse_same_number(raw, settings)
    unfinished = _unfinished(raw / f".{settings.folder_name}.part", record)
    for number, case in enumerate(record.cases):
        if cancel is not None and cancel():
            raise CancelledError("The export was stopped.", "What was written so far is kept for the next time.")
        if progress is not None:
            progress(number, len(record.cases), case.case)
        # Labels are written last, so a case that has them is whole.
        if not _labels_path(unfinished, case).is_file():
            _write_case(version, unfinished, record, case)
    _write_descriptions(unfinished, record)
    try:
        unfinished.rename(target)
    except OSError as error:
        raise WriteError(f"{target} could not be made: {error.strerror}.", remedy_for(error)) from error
    return target


def _write_case(version: Version, folder: Path, record: ExportRecord, case: ExportedCase) -> None:
    images = [read_image(version.path_of(uri)) for uri in case.images]
    scheme = record.mask_type.scheme
    labels = read_labels(version.path_of(case.mask), scheme, grid=images[0].geometry)
    _refuse_change(images[0], case.image_sha256)
    _refuse_change(labels, case.mask_sha256)
    volumes: list[Image | LabelMap] = [*images[1:], labels]
    for volume in volumes:
        if not volume.geometry.matches(images[0].geometry):
            raise GeometryError(
                f"{case.case}: {_name(volume)} does not lie on the grid of {_name(images[0])}.",
                "Resample it onto that grid first; nnU-Net wants all channels of a case on one grid.",
            )
    ignored = None
    if case.in_parts:
        marks = next(row.verified for row in version.rows if row.case == case.case)
        ignored = unverified(labels, marks)
    trained = prepared_labels(labels, record.preparation).array
    numbered = LabelMap(record.numbers.number(trained, ignored), images[0].geometry, record.numbers.scheme)
    for channel, image in enumerate(images):
        part = _image_part(replace(image, source=None, geometry=images[0].geometry), case)
        write_image(folder / case.folders[0] / f"{case.name}_{channel:04d}.nii.gz", reorient(part, record.orientation))
    write_labels(_labels_path(folder, case), reorient(_labels_part(numbered, case), record.orientation))


def _image_part(image: Image, case: ExportedCase) -> Image:
    if case.geometry is not None:
        cut = cut_image(image, case.geometry)
        return cut if case.window is None else case.window.straighten(cut)
    return image if case.box is None else crop(image, Box(*case.box))


def _labels_part(labels: LabelMap, case: ExportedCase) -> LabelMap:
    if case.geometry is not None:
        cut = cut_labels(labels, case.geometry)
        return cut if case.window is None else case.window.straighten(cut)
    return labels if case.box is None else crop(labels, Box(*case.box))


def _write_descriptions(folder: Path, record: ExportRecord) -> None:
    trained = [case for case in record.cases if case.split == "train"]
    description = {
        **dataset_description(record.channels, record.numbers.by_name, len(trained)),
        "image_orientation": to_sct(record.orientation),
    }
    write_text_atomic(folder / "dataset.json", json.dumps(description, indent=2) + "\n")
    folds = sorted({case.fold for case in trained} - {NO_FOLD})
    splits = [
        {
            "train": [case.name for case in trained if case.fold != fold],
            "val": [case.name for case in trained if case.fold == fold],
        }
        for fold in folds
    ]
    if splits:
        write_text_atomic(folder / SPLITS, json.dumps(splits, indent=2) + "\n")


def _is_whole(target: Path, record: ExportRecord) -> bool:
    return (target / "dataset.json").is_file() and _holds(target, record)


def _holds(folder: Path, record: ExportRecord) -> bool:
    return bool(read_json(folder / RECORD).content == json.loads(json_text(record.as_json())))


def _unfinished(folder: Path, record: ExportRecord) -> Path:
    """Return the hidden folder to write to; what another export left there is dropped."""
    if not _holds(folder, record):
        shutil.rmtree(folder, ignore_errors=True)
        write_text_atomic(folder / RECORD, json_text(record.as_json()))
    return folder


def _refuse_same_number(raw: Path, settings: ExportSettings) -> None:
    taken = sorted(raw.glob(f"Dataset{settings.number:03d}_*"))
    if taken:
        raise UsageError(
            f"{taken[0]} has the number {settings.number} already.", "Choose another number, or remove that folder."
        )


def _refuse_change(volume: Image | LabelMap, sha256: str) -> None:
    if volume.source is None or volume.source.sha256 != sha256:
        raise ChangedOnDiskError(
            f"{_name(volume)} is not the file that the version was made from.",
            "Build a new version, or bring the old file back.",
        )


def _name(volume: Image | LabelMap) -> str:
    return volume.source.path.name if volume.source else "a volume"


def _labels_path(folder: Path, case: ExportedCase) -> Path:
    return folder / case.folders[1] / f"{case.name}.nii.gz"
