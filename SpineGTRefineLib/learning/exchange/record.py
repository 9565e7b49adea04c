"""What an exported dataset remembers of where it came from; enough to bring every mask back to its case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...bids import MaskType, mask_type
from ...bids.jsonfiles import require_json
from ...errors import MissingFileError
from ...imaging import Geometry, LabelMap, crop, read_labels
from ...imaging.crop import Index
from ...recipes.cord_crop import cut_labels
from ...recipes.straighten import CordWindow
from ..preparation import Preparation, boxes_of, grid_of, window_of
from ..versions import Version, VersionCase
from .channels import Channels
from .numbers import LabelNumbers
from .partial import Partial, counts_in_parts
from .selection import ExportSettings, numbers_of, rows_for

Grid = tuple[Index, tuple[tuple[float, ...], ...]]
"""Shape and affine of a grid, as JSON keeps them."""

Straight = tuple[Index, tuple[Index, ...]]
"""Shape of a straightened volume and offset of each slice, see :mod:`SpineGTRefineLib.recipes.straighten`."""

RECORD = "spine-gt-refine.json"
"""File beside ``dataset.json``; nnU-Net does not look at it."""


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
    straight
        Shape and offsets of the window that followed the cord in this grid; None if nothing was straightened.
    outside
        Labeled voxels of the grid that the window did not hold, so that they were not written.
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
    straight: Straight | None = None
    outside: int = 0

    @property
    def geometry(self) -> Geometry | None:
        """The working grid that the case was resampled to; None if it was not."""
        return None if self.grid is None else Geometry(self.grid[0], np.array(self.grid[1]))

    @property
    def window(self) -> CordWindow | None:
        """The window that followed the cord in the working grid; None if nothing was straightened."""
        return None if self.straight is None or self.geometry is None else CordWindow(self.geometry, *self.straight)

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
        rows = rows_for(version, settings.channels)
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
    kept = labels if boxes is None else crop(labels, boxes[0])
    grid = grid_of(kept, preparation, row.case)
    if grid is not None:
        return (_on_grid(whole, kept, preparation, grid),)
    if boxes is None:
        return (whole,)
    if len(boxes) == 1 and preparation.parts != "slices":
        return (replace(whole, box=(boxes[0].start, boxes[0].stop)),)
    return tuple(
        replace(whole, name=f"{row.case}_part-{number:03d}", box=(box.start, box.stop))
        for number, box in enumerate(boxes)
    )


def _on_grid(whole: ExportedCase, labels: LabelMap, preparation: Preparation, grid: Geometry) -> ExportedCase:
    case = replace(whole, grid=(grid.shape, tuple(tuple(line) for line in grid.affine.tolist())))
    window = window_of(labels, preparation, grid)
    if window is None:
        return case
    outside = window.voxels_outside(cut_labels(labels, grid))
    return replace(case, straight=(window.shape, window.offsets), outside=outside)


def _case_from(content: Mapping[str, Any]) -> ExportedCase:
    box = content["box"] and tuple(tuple(corner) for corner in content["box"])
    grid = content["grid"] and (tuple(content["grid"][0]), tuple(tuple(line) for line in content["grid"][1]))
    straight = content.get("straight")  # exports of earlier versions have none
    if straight is not None:
        straight = (tuple(straight[0]), tuple(tuple(offset) for offset in straight[1]))
    return ExportedCase(
        **{**content, "images": tuple(content["images"]), "box": box, "grid": grid, "straight": straight}
    )


def _single_channel(rows: Sequence[VersionCase]) -> tuple[str, ...]:
    """Name the one channel: nnU-Net normalizes every MRI contrast alike, but has a rule of its own for ``CT``."""
    contrasts = {row.contrast for row in rows}
    return (contrasts.pop(),) if len(contrasts) == 1 else ("MRI",)
