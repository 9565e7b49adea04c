"""What an exported dataset remembers of where it came from; enough to bring every mask back to its case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...bids import Case, Dataset, MaskType, mask_type
from ...bids.jsonfiles import require_json
from ...errors import DatasetError, MissingFileError, UsageError
from ..versions import Version, VersionCase
from .numbers import LabelNumbers
from .partial import Partial, counts_in_parts

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
    """

    number: int
    name: str
    channels: tuple[str, ...] = ()
    orientation: str = "RAS"
    partial: Partial = "unfinished"

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 999:
            raise UsageError(f"nnU-Net's datasets have numbers from 1 to 999, not {self.number}.")
        if not _SAFE_NAME.fullmatch(self.name):
            raise UsageError(f"{self.name!r} cannot name a dataset of nnU-Net.", "Use letters and digits only.")

    @property
    def folder_name(self) -> str:
        """Return ``DatasetNNN_Name``."""
        return f"Dataset{self.number:03d}_{self.name}"


@dataclass(frozen=True)
class ExportedCase:
    """One case in nnU-Net's folders: ``name`` is that of its files there, the same in every export."""

    name: str
    case: str
    split: str
    fold: int
    images: tuple[str, ...]
    image_sha256: str
    mask: str
    mask_sha256: str
    in_parts: bool

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
    cases: tuple[ExportedCase, ...]

    @classmethod
    def of(cls, version: Version, settings: ExportSettings) -> ExportRecord:
        """Plan an export; no image is read.

        Raises
        ------
        DatasetError
            A case lacks the image of a channel.
        LabelError
            No mask holds any label.
        """
        rows = _rows_for(version, settings.channels)
        in_parts = {row.case for row in rows if counts_in_parts(row, settings.partial)}
        values = {value for row in rows for value in row.values}
        numbers = LabelNumbers.of(version.mask_type.scheme_name, values, ignores=bool(in_parts))
        find = _Channels(version, settings.channels)
        cases = (
            ExportedCase(
                row.case, row.case, row.split, row.fold, find(row), row.image_sha256, row.mask, row.mask_sha256,
                row.case in in_parts,
            )
            for row in rows
        )  # fmt: skip
        names = settings.channels or _single_channel(rows)
        return cls(
            version.name,
            version.sha256,
            version.mask_type.name,
            settings.orientation,
            names,
            settings.partial,
            numbers,
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
            tuple(ExportedCase(**{**case, "images": tuple(case["images"])}) for case in content["Cases"]),
        )


class _Channels:
    """Finds the images of a case, one per channel."""

    def __init__(self, version: Version, channels: Sequence[str]) -> None:
        self._channels = channels
        self._dataset = Dataset.open(version.root, version.output) if len(channels) > 1 else None

    def __call__(self, row: VersionCase) -> tuple[str, ...]:
        if self._dataset is None:
            return (row.image,)
        own = self._dataset.case(row.case)
        found = {case.contrast: case for case in self._dataset.cases() if _stands_beside(case, own)}
        missing = [contrast for contrast in self._channels if contrast not in found]
        if missing:
            raise DatasetError(
                f"{row.case} has no {missing[0]} image beside it, and all cases need the channels "
                f"{', '.join(self._channels)}.",
                "Add the image (on the same grid), leave the case out, or choose fewer channels.",
            )
        uris = (self._dataset.uri(found[contrast].image) for contrast in self._channels)
        return tuple(uri for uri in uris if uri is not None)


def _stands_beside(case: Case, own: Case) -> bool:
    return (case.subject, case.session, case.entities) == (own.subject, own.session, own.entities)


def _rows_for(version: Version, channels: Sequence[str]) -> tuple[VersionCase, ...]:
    return tuple(row for row in version.rows if not channels or row.contrast == channels[0])


def _single_channel(rows: Sequence[VersionCase]) -> tuple[str, ...]:
    """Name the one channel: nnU-Net normalizes every MRI contrast alike, but has a rule of its own for ``CT``."""
    contrasts = {row.contrast for row in rows}
    return (contrasts.pop(),) if len(contrasts) == 1 else ("MRI",)
