"""Steps on canal and cord: close gaps of the canal, take it away from bone, keep the cord inside."""

from __future__ import annotations

import numpy as np

from ..errors import UsageError
from ..imaging import LabelMap
from . import components
from .compose import fill_background, subtract
from .inputs import require_same_grid, values_of_kinds
from .slices import Slices

CANAL_KINDS = ("canal_whole", "canal_without_cord")


def fill_canal(labels: LabelMap) -> LabelMap:
    """Fill holes and dents of the canal in every axial slice, in background only.

    A background voxel is filled if canal or cord lies on both sides of it, left and right as well as in front and
    behind, in its own slice. Vertebrae and discs are never overwritten. Slices are those of the voxel axis nearest to
    head-foot.

    Raises
    ------
    UsageError
        The map's scheme has no canal.
    """
    canal = values_of_kinds(labels, CANAL_KINDS)
    if not canal:
        raise UsageError(f"A mask of the scheme {labels.scheme.name!r} has no canal to fill.")
    inside = labels.mask([*canal, *values_of_kinds(labels, ["cord"])])
    between = [_between(inside, axis) for axis in Slices.of(labels.geometry).other_axes]
    filled = (between[0] & between[1]).astype(labels.array.dtype) * canal[0]
    return labels.with_array(fill_background(labels.array, filled))


def subtract_canal(labels: LabelMap, canal: LabelMap, *, speck_mm3: float = 0.0) -> LabelMap:
    """Take the canal away from vertebrae, discs and sacrum; cord and canal in the map itself stay.

    Parameters
    ----------
    labels
        The map; not changed.
    canal
        Its canal and cord are taken away, whatever else it holds.
    speck_mm3
        Pieces below this volume that the cut leaves of a structure are removed; never its largest one. 0 keeps all.

    Raises
    ------
    GeometryError
        The grids differ.
    UsageError
        The scheme of ``canal`` has no canal: it is another mask.
    LabelError
        ``canal`` holds values that its scheme does not know.
    """
    require_same_grid(labels, canal, "canal")
    own = labels.mask(values_of_kinds(labels, (*CANAL_KINDS, "cord")))
    cut = subtract(labels.array, _whole_canal(canal) & ~own)
    if speck_mm3 > 0:
        least = speck_mm3 / labels.geometry.voxel_volume
        touched = np.unique(labels.array[(cut == 0) & (labels.array != 0)])
        cleaned = components.remove_small(cut, least, keep_largest=True)
        cut = np.where(np.isin(cut, touched), cleaned, cut)
    return labels.with_array(cut)


def cord_inside_canal(cord: LabelMap, canal: LabelMap) -> LabelMap:
    """Return the cord without what lies outside the whole canal.

    Slices that the canal does not reach at all (it was drawn over a shorter stretch) keep their cord. ``canal`` is as
    for :func:`subtract_canal`.
    """
    require_same_grid(cord, canal, "canal")
    inside = _whole_canal(canal)
    covered = inside.any(axis=Slices.of(cord.geometry).other_axes, keepdims=True)
    return cord.with_array(subtract(cord.array, covered & ~inside))


def canal_around_cord(canal: LabelMap, cord: LabelMap) -> LabelMap:
    """Return the whole canal, widened where the cord leaves it."""
    require_same_grid(canal, cord, "cord")
    value = canal.scheme.value_of("canal_whole")
    return canal.with_array(fill_background(canal.array, (cord.array != 0).astype(canal.array.dtype) * value))


def _whole_canal(canal: LabelMap) -> np.ndarray:
    """Boolean array of the canal with the cord in it."""
    values = values_of_kinds(canal, CANAL_KINDS)
    if not values:
        raise UsageError(f"A mask of the scheme {canal.scheme.name!r} has no canal.", "Give a mask of the canal.")
    canal.require_known_values()
    return canal.mask([*values, *values_of_kinds(canal, ["cord"])])


def _between(mask: np.ndarray, axis: int) -> np.ndarray:
    """Voxels with ``mask`` on both sides of them along an axis, or in it."""
    before = np.logical_or.accumulate(mask, axis=axis)
    after = np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis=axis), axis)
    return np.asarray(before & after)
