"""The two kinds of volumes that flow through the project: images and label maps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header

from ..anatomy import LabelScheme, LossReport, conversion
from ..errors import GeometryError, LabelError
from .counting import present_values, value_counts
from .geometry import Geometry

_NAMED_AT_MOST = 10
"""A message names this many values; an image that is taken for a mask has thousands."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where a volume was read from.

    Parameters
    ----------
    path
        The file as the user named it (links not resolved).
    sha256
        Hash of the file's bytes as they were read.
    header
        The file's own header; spatial fields of derivatives are taken from it byte by byte.
    notes
        What the reader found worth saying (qform and sform disagree, trailing bytes, unknown units).
    """

    path: Path
    sha256: str
    header: Nifti1Header
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Image:
    """An intensity image.

    Parameters
    ----------
    array
        Axes i, j, k of the file; any real type, scaling already applied.
    geometry
        Position of the voxels.
    source
        The file it came from, or None for an image made in memory.
    """

    array: np.ndarray
    geometry: Geometry
    source: Source | None = None

    def __post_init__(self) -> None:
        _check_shape(self.array, self.geometry)

    def __repr__(self) -> str:
        return f"<Image{_origin(self.source)}: {self.geometry}>"


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A mask: whole numbers, their place in space, and what each number means.

    Parameters
    ----------
    array
        Axes i, j, k of the file; an integer type; 0 is background. Treat as read-only.
    geometry
        Position of the voxels.
    scheme
        The meaning of the values. Values outside the scheme are allowed here (they are what a check reports) and are
        refused on saving.
    source
        The file it came from, or None for a map made in memory.
    """

    array: np.ndarray
    geometry: Geometry
    scheme: LabelScheme
    source: Source | None = field(default=None)

    def __post_init__(self) -> None:
        _check_shape(self.array, self.geometry)
        if not np.issubdtype(self.array.dtype, np.integer):
            raise LabelError(f"A label map holds whole numbers; got {self.array.dtype}.")

    def __repr__(self) -> str:
        found = [self.scheme[value].name if value in self.scheme else f"unknown {value}" for value in self.values()]
        return f"<LabelMap{_origin(self.source)}: {self.geometry}; {self.scheme.name}: {', '.join(found) or 'empty'}>"

    def values(self) -> tuple[int, ...]:
        """Values present in the array, ascending, without 0."""
        return tuple(int(v) for v in present_values(self.array))

    def counts(self) -> dict[int, int]:
        """Count the voxels of each value present, without 0, ascending by value."""
        return {value: count for value, count in value_counts(self.array).items() if value != 0}

    def unknown_values(self) -> tuple[int, ...]:
        """Values present that the scheme does not know, ascending."""
        return tuple(v for v in self.values() if v not in self.scheme)

    def require_known_values(self) -> None:
        """Refuse values that the scheme does not know.

        Raises
        ------
        LabelError
            There are some; the message names the file and the first of them.
        """
        unknown = self.unknown_values()
        if not unknown:
            return
        named = ", ".join(map(str, unknown[:_NAMED_AT_MOST]))
        more = f" and {len(unknown) - _NAMED_AT_MOST} more" if len(unknown) > _NAMED_AT_MOST else ""
        file = f"{self.source.path}: " if self.source else ""
        raise LabelError(
            f"{file}The values [{named}{more}] are not part of the label scheme {self.scheme.name!r}.",
            "Remove them, or convert the mask to a scheme that has them. So many may also be those of an image."
            if more
            else "Remove them, or convert the mask to a scheme that has them.",
        )

    def mask(self, values: int | Iterable[int]) -> np.ndarray:
        """Boolean array of the voxels that hold one of ``values``."""
        if isinstance(values, int):
            return np.asarray(self.array == values)
        return np.isin(self.array, np.fromiter(values, dtype=np.int64))

    def with_array(self, array: np.ndarray) -> LabelMap:
        """Return the same grid, scheme and source with other voxels."""
        return replace(self, array=array)

    def converted(self, target: LabelScheme) -> tuple[LabelMap, LossReport]:
        """Express the map in another scheme.

        Returns
        -------
        LabelMap
            Same grid, values of ``target``; structures that ``target`` lacks become background.
        LossReport
            What had to be dropped or merged, with voxel counts.
        """
        array, report = conversion(self.scheme, target).apply(self.array)
        return LabelMap(array, self.geometry, target, self.source), report


def _origin(source: Source | None) -> str:
    return f" {source.path.name}" if source else ""


def _check_shape(array: np.ndarray, geometry: Geometry) -> None:
    if array.shape != geometry.shape:
        raise GeometryError(f"The array has shape {array.shape}, its geometry says {geometry.shape}.")
