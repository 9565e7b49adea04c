"""The voxel size that a person declares, where a header may tell a wrong one. Files are never changed.

Scanners for small animals often write 1 mm, or write no unit. A network that works at 0.05 mm then sees a cord of a
few voxels, or one as large as a whale's. The declared size is used for the network only; the mask lies on the image's
own grid, and the run's record says what was declared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError, UsageError
from ..imaging import Geometry, Image

SAME_SIZE = 0.02
"""Two voxel sizes are the same if they differ by less than this part."""


@dataclass(frozen=True)
class VoxelSizeCheck:
    """What the header says, what was declared, and what is used.

    Parameters
    ----------
    header_mm
        Voxel size along i, j, k as the file states it.
    declared_mm
        As a person declared it, or None.
    shape
        Number of voxels.
    """

    header_mm: tuple[float, float, float]
    declared_mm: tuple[float, float, float] | None
    shape: tuple[int, int, int]

    @property
    def used_mm(self) -> tuple[float, float, float]:
        """The declared size, or the header's where none was declared."""
        return self.declared_mm or self.header_mm

    @property
    def differs(self) -> bool:
        """Whether a size was declared that is not the header's."""
        return self.declared_mm is not None and not np.allclose(self.declared_mm, self.header_mm, rtol=SAME_SIZE)

    def preview(self) -> str:
        """Say in words what the image measures by its header and by the declared size."""
        lines = f"By its header the image has {_measures(self.shape, self.header_mm)}."
        if self.declared_mm is None:
            return lines
        if not self.differs:
            return f"{lines} This is the declared voxel size."
        declared = _measures(self.shape, self.declared_mm)
        return f"{lines} By the declared voxel size it has {declared}. Files stay as they are."

    def record(self) -> dict[str, object]:
        """Return the facts for the record of a run, JSON-able."""
        return {
            "HeaderVoxelSize": [round(size, 6) for size in self.header_mm],
            "DeclaredVoxelSize": None if self.declared_mm is None else list(self.declared_mm),
        }


def declared_size(value: object) -> tuple[float, float, float] | None:
    """Return a declared voxel size along i, j, k from a setting: one number in mm, three of them, or nothing.

    Raises
    ------
    UsageError
        It is something else, or not above 0.
    """
    if value is None or value == "" or value == 0:
        return None
    parts = value if isinstance(value, (list, tuple)) else str(value).replace(",", " ").split()
    try:
        sizes = [float(part) for part in parts]
    except (TypeError, ValueError):
        sizes = []
    if len(sizes) not in (1, 3) or not all(math.isfinite(size) and size > 0 for size in sizes):
        raise UsageError(
            f"The voxel size {value!r} is not one that an image can have.",
            "State one number in millimeters, such as 0.05, or three: along i, j and k.",
        )
    i, j, k = sizes * 3 if len(sizes) == 1 else sizes
    return i, j, k


def check_voxel_size(image: Image, declared: tuple[float, float, float] | None) -> VoxelSizeCheck:
    """Compare a declared voxel size with that of the image's header."""
    return VoxelSizeCheck(image.geometry.spacing, declared, image.geometry.shape)


def refuse_size(check: VoxelSizeCheck, largest_mm: float) -> None:
    """Refuse voxels that are too large to be true.

    Raises
    ------
    InputError
        The size that would be used is above ``largest_mm`` along an axis.
    """
    if max(check.used_mm) <= largest_mm:
        return
    who = "its header" if check.declared_mm is None else "the declared voxel size"
    raise InputError(
        f"By {who} the image has {_measures(check.shape, check.used_mm)}; "
        f"this recipe takes voxels of up to {largest_mm:g} mm.",
        "If that is wrong, declare the true voxel size in millimeters: --set voxel_mm=0.05",
    )


def with_voxel_size(image: Image, size_mm: Sequence[float]) -> Image:
    """Return the same voxels with another size: same directions, the first voxel stays in its place.

    The result has no source, since its file tells of another size.
    """
    affine = image.geometry.affine.copy()
    affine[:3, :3] *= np.asarray(size_mm, dtype=float) / image.geometry.spacing
    return replace(image, geometry=Geometry(image.geometry.shape, affine), source=None)


def _measures(shape: Sequence[int], size: Sequence[float]) -> str:
    extent = [n * s for n, s in zip(shape, size, strict=True)]
    return f"{_times(shape)} voxels of {_times(size)} mm, {_times(extent)} mm in all"


def _times(numbers: Sequence[float]) -> str:
    return " x ".join(f"{number:.3g}" for number in numbers)
