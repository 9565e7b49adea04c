"""The slices of a grid from head to foot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..imaging import FOOT_HEAD, Geometry


@dataclass(frozen=True)
class Slices:
    """The slices along the voxel axis nearest to head-foot; ``descending`` if their index grows toward the feet."""

    axis: int
    count: int
    descending: bool

    @classmethod
    def of(cls, geometry: Geometry) -> Slices:
        """Return those of a grid."""
        axis = geometry.axis_along(FOOT_HEAD)
        return cls(axis, geometry.shape[axis], bool(geometry.orientation[axis, 1] < 0))

    @property
    def other_axes(self) -> tuple[int, ...]:
        """The axes within a slice."""
        return tuple(other for other in range(3) if other != self.axis)

    @property
    def head(self) -> int:
        """Index of the slice that is nearest to the head."""
        return 0 if self.descending else self.count - 1

    def from_head(self, index: np.ndarray) -> np.ndarray:
        """Count slices from the head end; counting twice gives the index again."""
        return index if self.descending else self.count - 1 - index
