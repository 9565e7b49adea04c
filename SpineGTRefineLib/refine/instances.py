"""The structures that SPINEPS found: what each is, how large, and where along the spine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..anatomy import LabelScheme, scheme
from ..imaging import Geometry, LabelMap, present_values

ORDINAL = "spineps_vert_ordinal"
"""Scheme of SPINEPS up to 1.3: vertebrae are numbered from the top of the image, starting at 2."""

LABELLED = "spineps_vert"
"""Scheme of SPINEPS from 1.4 with its labelling model: numbers name vertebrae (TPTBox numbering)."""

_FIRST_ORDINAL, _SACRUM, _DISCS, _ENDPLATES, _END = 2, 26, 100, 200, 300
"""SPINEPS adds 100 to a vertebra's id for the disc below it, and 200 for its endplates; 26 is always the sacrum."""


@dataclass(frozen=True, eq=False)
class Instance:
    """One value of the instance mask.

    Parameters
    ----------
    value
        The value in the mask.
    key
        Structure that the mask's own scheme names (``vertebra_L1``; ``vertebra_instance_7`` for ordinal ids).
    kind
        vertebra, disc, endplate, sacrum, coccyx, ...; ``unknown`` for a value that the scheme lacks.
    voxels
        Its size.
    centroid
        Centre in RAS mm, shape (3,).
    box
        Slices of the array that enclose it.
    """

    value: int
    key: str
    kind: str
    voxels: int
    centroid: np.ndarray
    box: tuple[slice, ...]

    @property
    def height(self) -> float:
        """Position from foot to head in mm."""
        return float(self.centroid[2])


def detect_convention(values: Iterable[int]) -> LabelScheme:
    """Say which numbering a SPINEPS instance mask uses, from the values it holds.

    Ordinal ids run from 2 without a gap. Anything else (a C1, a T13, a first vertebra that is not 2, a gap) can only be
    anatomical. A labelled mask from C2 downwards reads the same in both, and either reading gives the same result.
    """
    vertebrae = sorted(v for v in values if 0 < v < _DISCS and v != _SACRUM)
    from_the_top = [v for v in range(_FIRST_ORDINAL, _DISCS) if v != _SACRUM]
    return scheme(ORDINAL if vertebrae == from_the_top[: len(vertebrae)] else LABELLED)


def find_instances(labels: LabelMap) -> tuple[Instance, ...]:
    """Describe every value of an instance mask, in one pass, from head to tail (by centre)."""
    values = present_values(labels.array)
    if values.size == 0:
        return ()
    boxes = ndimage.find_objects(labels.array.astype(np.int32, copy=False))
    found = [_describe(labels, int(value), boxes[int(value) - 1]) for value in values]
    return tuple(sorted(found, key=lambda instance: -instance.height))


def _describe(labels: LabelMap, value: int, box: tuple[slice, ...]) -> Instance:
    inside = labels.array[box] == value
    voxels = int(np.count_nonzero(inside))
    known = labels.scheme[value].structure if value in labels.scheme else None
    return Instance(
        value=value,
        key=known.key if known else f"instance_{value}",
        kind=known.kind if known else _kind_of_unnamed(value, labels.scheme),
        voxels=voxels,
        centroid=_centroid(inside, box, voxels, labels.geometry),
        box=box,
    )


def _kind_of_unnamed(value: int, numbering: LabelScheme) -> str:
    """Ordinal ids have no end: spines with many fragments reach ids that the scheme does not list."""
    if numbering.name != ORDINAL or value >= _END:
        return "unknown"
    return "vertebra" if value < _DISCS else "disc" if value < _ENDPLATES else "endplate"


def _centroid(inside: np.ndarray, box: tuple[slice, ...], voxels: int, geometry: Geometry) -> np.ndarray:
    axes = range(inside.ndim)
    profiles = (inside.sum(axis=tuple(a for a in axes if a != axis)) for axis in axes)
    means = [profile @ np.arange(profile.size) / voxels for profile in profiles]
    return geometry.to_world([mean + part.start for mean, part in zip(means, box, strict=True)])


def grow(box: tuple[slice, ...], margin: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Enlarge a box by ``margin`` voxels on each side, inside the array."""
    return tuple(
        slice(max(part.start - m, 0), min(part.stop + m, n)) for part, m, n in zip(box, margin, shape, strict=True)
    )


def union(first: tuple[slice, ...], second: tuple[slice, ...]) -> tuple[slice, ...]:
    """Return the smallest box around two boxes."""
    return tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
