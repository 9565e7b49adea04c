"""What an exported dataset remembers of where it came from; enough to bring every mask back to its case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...bids import MaskType, mask_type
from ...bids.jsonfiles import require_json
from ...errors import DatasetError, MissingFileError, UsageError
from ...imaging import Geometry, crop, read_labels
from ...imaging.crop import Index
from ...models.orientation import check_axcodes
from ..preparation import Preparation, boxes_of, grid_of
from ..versions import Version, VersionCase
from .channels import Channels
from .numbers import LabelNumbers
from .partial import Partial, counts_in_parts

Grid = tuple[Index, tuple[tuple[float, ...], ...]]
"""Shape and affine of a grid, as JSON keeps them."""

RECORD = "spine-gt-refine.json"
"""File beside ``dataset.json``; nnU-Net does not look at it."""

_SAFE_NAME = re.compile(r"[0-9A-Za-z]+")


@dataclass(frozen=True)
class ExportSettings:
    """How a version is written for nnU-Net.

    Parameters
    ----------
    number, name
        ``DatasetNNN_Name``.
    channels
        Contrasts that are the input together, the one with the masks first; empty for one image per case.
    orientation
        House letters that all images are turned to; no voxel is resampled.
    partial
        For which masks only the verified parts count, see :func:`.partial.counts_in_parts`.
    preparation
        Which parts of each case are written, and how labels are prepared.
    values
        Values of the scheme that get numbers even if no mask holds them: those that a model to fine-tune knows.
    """

    number: int
    name: str
    channels: tuple[str, ...] = ()
    orientation: str = "RAS"
    partial: Partial = "unfinished"
    preparation: Preparation = field(default_factory=Preparation)
    values: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 999:
            raise UsageError(f"nnU-Net's datasets have numbers from 1 to 999, not {self.number}.")
        if not _SAFE_NAME.fullmatch(self.name):
            raise UsageError(f"{self.name!r} cannot name a dataset of nnU-Net.", "Use letters and digits only.")
        try:
            check_axcodes(self.orientation)
        except ValueError as error:
            raise UsageError(f"The orientation of the images {error}") from error

    @property
    def folder_name(self) -> str:
        """Return ``DatasetNNN_Name``."""
        return f"Dataset{self.number:03d}_{self.name}"


@dataclass(frozen=True)
class ExportedCase:
    """One case in nnU-Net's folders.

    Parameters
    ----------
    name
        That of its files there, the same in every export; a case that is written in parts has several.
    case, split, fold, images, image_sha256, mask, mask_sha256
        As in the version.
    in_parts
        Whether voxels that nobody vouches for are ignored.
    box
        First voxel and first voxel beyond, of the part of the image that was written; None for the whole.
    grid
        Shape and affine of the grid that image and mask were resampled to; None for their own voxels.
    """

    name: str
    case: str
    split: str
    fold: int
    images: tuple[str, ...]
    image_sha256: str
    mask: str
    mask_sha256: str
    in_parts: bool
    box: tuple[Index, Index] | None = None
    grid: Grid | None = None

    @property
    def geometry(self) -> Geometry | None:
        """The working grid that the case was resampled to; None if it was not."""
        return None if self.grid is None else Geometry(self.grid[0], np.array(self.grid[1]))

    @property
    def folders(self) -> tuple[str, str]:
        """Names of the folders of its images and its labels."""
        end = "Tr" if self.split == "train" else "Ts"
        return f"images{end}", f"labels{end}"


@dataclass(frozen=True)
class ExportRecord:
    """The whole of it, see :class:`ExportSettings` for the fields."""

    version: str
    version_sha256: str
    mask_type_name: str
    orientation: str
    channels: tuple[str, ...]
    partial: Partial
    numbers: LabelNumbers
    preparation: Preparation
    cases: tuple[ExportedCase, ...]

    @classmethod
    def of(cls, version: Version, settings: ExportSettings) -> ExportRecord:
        """Plan an export; images are not read, masks only where the parts depend on them.

        Raises
        ------
        DatasetError
            No case has the contrast that is asked for, or a case lacks the image of a channel.
        LabelError
            No mask holds any label.
        """
        rows = _rows_for(version, settings.channels)
        find = Channels(version, settings.channels)
        cases = [
            part
            for row in rows
            for part in _parts(
                version, row, settings.preparation, find(row), in_parts=counts_in_parts(row, settings.partial)
            )
        ]
        names = settings.channels or _single_channel(rows)
        return cls(
            version.name,
            version.sha256,
            version.mask_type.name,
            settings.orientation,
            names,
            settings.partial,
            numbers_of(version, settings),
            settings.preparation,
            tuple(cases),
        )

    @property
    def mask_type(self) -> MaskType:
        """The kind of mask."""
        return mask_type(self.mask_type_name)

    def as_json(self) -> dict[str, Any]:
        """Return the record for its file."""
        return {
            "Version": {"Name": self.version, "SHA256": self.version_sha256},
            "MaskType": self.mask_type_name,
            "Orientation": self.orientation,
            "Channels": list(self.channels),
            "Partial": self.partial,
            "Labels": self.numbers.as_json(),
            "Preparation": self.preparation.as_json(),
            "Cases": [{**asdict(case), "images": list(case.images)} for case in self.cases],
        }

    @classmethod
    def read(cls, folder: Path) -> ExportRecord:
        """Read the record of an exported dataset.

        Raises
        ------
        MissingFileError
            There is none: this project did not write the dataset.
        """
        if not (folder / RECORD).is_file():
            raise MissingFileError(
                f"{folder} holds no {RECORD}, so the way back to the cases is not known.",
                "Give the folder that `version export` wrote.",
            )
        content: Mapping[str, Any] = require_json(folder / RECORD)
        return cls(
            content["Version"]["Name"],
            content["Version"]["SHA256"],
            content["MaskType"],
            content["Orientation"],
            tuple(content["Channels"]),
            content["Partial"],
            LabelNumbers.from_json(content["Labels"]),
            Preparation.from_json(content["Preparation"]),
            tuple(_case_from(case) for case in content["Cases"]),
        )


def numbers_of(version: Version, settings: ExportSettings) -> LabelNumbers:
    """Return the numbers that the labels of an export get; no file is read.

    Raises
    ------
    DatasetError
        No case has the contrast that is asked for.
    LabelError
        No mask holds any label.
    """
    rows = _rows_for(version, settings.channels)
    values = {value for row in rows for value in row.values} | set(settings.values)
    ignores = any(counts_in_parts(row, settings.partial) for row in rows)
    return LabelNumbers.of(version.mask_type.scheme_name, values, ignores=ignores)


def _parts(
    version: Version, row: VersionCase, preparation: Preparation, images: tuple[str, ...], *, in_parts: bool
) -> tuple[ExportedCase, ...]:
    whole = ExportedCase(
        row.case, row.case, row.split, row.fold, images, row.image_sha256, row.mask, row.mask_sha256, in_parts
    )
    if not preparation.needs_masks:
        return (whole,)
    labels = read_labels(version.path_of(row.mask), version.mask_type.scheme)
    boxes = boxes_of(labels, preparation, row.case)
    grid = grid_of(labels if boxes is None else crop(labels, boxes[0]), preparation, row.case)
    if grid is not None:
        return (replace(whole, grid=(grid.shape, tuple(tuple(line) for line in grid.affine.tolist()))),)
    if boxes is None:
        return (whole,)
    if len(boxes) == 1 and preparation.parts != "slices":
        return (replace(whole, box=(boxes[0].start, boxes[0].stop)),)
    return tuple(
        replace(whole, name=f"{row.case}_part-{number:03d}", box=(box.start, box.stop))
        for number, box in enumerate(boxes)
    )


def _case_from(content: Mapping[str, Any]) -> ExportedCase:
    box = content["box"] and tuple(tuple(corner) for corner in content["box"])
    grid = content["grid"] and (tuple(content["grid"][0]), tuple(tuple(line) for line in content["grid"][1]))
    return ExportedCase(**{**content, "images": tuple(content["images"]), "box": box, "grid": grid})


def _rows_for(version: Version, channels: Sequence[str]) -> tuple[VersionCase, ...]:
    rows = tuple(row for row in version.rows if not channels or row.contrast == channels[0])
    if channels and not rows:
        there = ", ".join(sorted({row.contrast for row in version.rows}))
        raise DatasetError(f"{version.name} has no mask of a {channels[0]} image.", f"There are masks of: {there}.")
    return rows


def _single_channel(rows: Sequence[VersionCase]) -> tuple[str, ...]:
    """Name the one channel: nnU-Net normalizes every MRI contrast alike, but has a rule of its own for ``CT``."""
    contrasts = {row.contrast for row in rows}
    return (contrasts.pop(),) if len(contrasts) == 1 else ("MRI",)
