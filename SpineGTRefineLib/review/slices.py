"""Slices as a rater speaks of them: a direction, a range, the neighbor that a structure is copied from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..anatomy import structure
from ..errors import UsageError
from ..imaging import Geometry, LabelMap
from .operations import Operation, copy_slice
from .proposals import Scope

DIRECTIONS = ("sagittal", "coronal", "axial")
"""Kinds of slices by the world axis that they are stacked along: left-right, back-front, bottom-top."""


@dataclass(frozen=True)
class SliceRange:
    """Slices along an array axis of the image, both ends included.

    Parameters
    ----------
    axis
        0 to 2.
    first, last
        Ends, whichever is the smaller.
    """

    axis: int
    first: int
    last: int

    def __post_init__(self) -> None:
        if self.first > self.last:
            first, last = self.last, self.first
            object.__setattr__(self, "first", first)
            object.__setattr__(self, "last", last)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield axis and index of each slice, as marks are kept (see :mod:`.verified`)."""
        return ((self.axis, index) for index in range(self.first, self.last + 1))

    def scope(self, structures: frozenset[str] | None = None) -> Scope:
        """Return what of a proposal these slices are."""
        return Scope(structures, self.axis, self.first, self.last)


def axis_of(direction: str, geometry: Geometry) -> int:
    """Return the array axis along which the slices of a direction (one of :data:`DIRECTIONS`) are stacked."""
    worlds = [int(world) for world, _ in geometry.orientation]
    return worlds.index(DIRECTIONS.index(direction))


def direction_of(axis: int, geometry: Geometry) -> str:
    """Return the name of the slices that are stacked along an array axis."""
    return DIRECTIONS[int(geometry.orientation[axis][0])]


def usual_direction(geometry: Geometry) -> str:
    """Return the direction in which an image was most likely recorded: that of its thickest slices."""
    spacing = geometry.spacing
    axes = sorted(range(3), key=lambda axis: (-spacing[axis], DIRECTIONS.index(direction_of(axis, geometry))))
    return direction_of(axes[0], geometry)


def copy_from_neighbor(key: str, axis: int, index: int, step: int) -> Operation:
    """Draw a structure in a slice as it is in the slice ``step`` (1 or -1) beside it.

    Doing it is refused where there is no such slice, or where the structure is not in it: that would only erase.
    """
    source = index + step
    plain = copy_slice(axis, source, index, [key])

    def function(labels: LabelMap) -> LabelMap:
        size = labels.geometry.shape[axis]
        if not 0 <= source < size:
            raise UsageError(f"There is no slice beside slice {index} on this side.", "Copy from the other side.")
        if not (labels.array.take(source, axis) == labels.scheme.value_of(key)).any():
            raise UsageError(
                f"{structure(key).name} is not in slice {source}, so there is nothing to copy.",
                "Copy from the other side, or select another structure.",
            )
        return plain.function(labels)

    return Operation(plain.text, function)
