"""What of a version is exported, and how: the one answer for the plan of an export and for a training's outputs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...errors import DatasetError, UsageError
from ...models.orientation import check_axcodes
from ..preparation import Preparation
from ..versions import Version, VersionCase
from .numbers import LabelNumbers
from .partial import Partial, counts_in_parts

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


def rows_for(version: Version, channels: Sequence[str]) -> tuple[VersionCase, ...]:
    """Return the cases of a version that are exported: with channels, those whose mask lies on the first one.

    Raises
    ------
    DatasetError
        No case has a mask of that contrast.
    """
    rows = tuple(row for row in version.rows if not channels or row.contrast == channels[0])
    if channels and not rows:
        there = ", ".join(sorted({row.contrast for row in version.rows}))
        raise DatasetError(f"{version.name} has no mask of a {channels[0]} image.", f"There are masks of: {there}.")
    return rows


def numbers_of(version: Version, settings: ExportSettings) -> LabelNumbers:
    """Return the numbers that the labels of an export get; no file is read.

    Raises
    ------
    DatasetError
        No case has the contrast that is asked for.
    LabelError
        No mask holds any label.
    """
    rows = rows_for(version, settings.channels)
    values = {value for row in rows for value in row.values} | set(settings.values)
    ignores = any(counts_in_parts(row, settings.partial) for row in rows)
    return LabelNumbers.of(version.mask_type.scheme_name, values, ignores=ignores)
