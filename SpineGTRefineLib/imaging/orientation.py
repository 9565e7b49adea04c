"""Turn a volume to other axis directions without touching a voxel: flips and permutations, as views."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, ornt_transform

from ..errors import GeometryError, UsageError
from .geometry import Geometry
from .volumes import Image, LabelMap

Volume = TypeVar("Volume", Image, LabelMap)


def reorient(volume: Volume, axcodes: str) -> Volume:
    """Return the same volume with its axes in the order and direction ``axcodes``.

    Parameters
    ----------
    volume
        Not changed; the result's array is a view of its array.
    axcodes
        Three letters of nibabel's convention (where i, j, k go *to*), for example ``"LAS"``.

    Returns
    -------
    Image or LabelMap
        Reorienting it back to ``volume.geometry.axcodes`` gives the voxels and the grid of ``volume`` again.
    """
    if len(axcodes) != 3 or {frozenset(pair) & set(axcodes) != set() for pair in ("LR", "PA", "IS")} != {True}:
        raise UsageError(f"{axcodes!r} is not an orientation.", "Give three letters, one of each pair LR, PA, IS.")
    return _turned(volume, axcodes2ornt(axcodes))


def reorient_to_grid(volume: Volume, grid: Geometry) -> Volume:
    """Return the same voxels in the axis order and direction of ``grid``, for a volume that lies on that very grid.

    Raises
    ------
    GeometryError
        The voxels lie elsewhere; only resampling could bring them onto the grid.
    """
    turned = volume if volume.geometry.matches(grid) else _turned(volume, grid.orientation)
    if not turned.geometry.matches(grid):
        raise GeometryError(
            f"The volume does not lie on that grid: {volume.geometry.told_from(grid)}.",
            "Resample it onto that grid, if both belong to one image and no header was changed.",
        )
    return turned


def _turned(volume: Volume, target: np.ndarray) -> Volume:
    geometry = volume.geometry
    turn = ornt_transform(geometry.orientation, target)
    array = apply_orientation(volume.array, turn)
    affine = geometry.affine @ inv_ornt_aff(turn, geometry.shape)
    return replace(volume, array=array, geometry=Geometry(array.shape, affine))
