"""Controlled errors that make a model-like output imperfect, and the wobble that makes its shapes differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from ..errors import UsageError
from .skeleton import Frame
from .spine import SpinePhantom

DefectKind = Literal["split", "merged", "missing", "extra", "leak", "shifted"]

EXTRA_RADIUS_MM = 8.0
"""Size of the ball that stands for a vertebra that is none."""

LEAK_MM = 4.0
"""How far a leaking vertebra reaches into the canal."""


@dataclass(frozen=True)
class Defect:
    """One error of a model.

    Parameters
    ----------
    kind
        ``split``: the lower half of the structure becomes an object of its own. ``merged``: it swallows the next
        vertebra below. ``missing``: it is not there. ``extra``: a ball in front of it is taken for a vertebra.
        ``leak``: it reaches into the canal. ``shifted``: from it on downwards, levels are named one too low.
    structure
        Key of the structure, for example ``vertebra_L3``.
    """

    kind: DefectKind
    structure: str


def wobble(array: np.ndarray, spacing: tuple[float, ...], amplitude: float, rng: np.random.Generator) -> np.ndarray:
    """Move borders by up to ``amplitude`` voxels: another drawing of the same shapes.

    Labels are looked up a little beside their place; the displacement changes smoothly over about 12 mm.
    """
    if amplitude <= 0:
        return array.copy()
    knots = tuple(max(2, round(n * s / 12.0)) for n, s in zip(array.shape, spacing, strict=True))
    places = []
    for axis, size in enumerate(array.shape):
        coarse = rng.uniform(-amplitude, amplitude, knots)
        shape = [1, 1, 1]
        shape[axis] = -1
        index = np.arange(size).reshape(shape) + np.rint(_stretched(coarse, array.shape)).astype(np.intp)
        places.append(np.clip(index, 0, size - 1))
    return np.asarray(array[tuple(places)])


def _stretched(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Interpolate linearly to ``shape``, corners on corners: an axis at a time, as a product with hat functions."""
    for axis, size in enumerate(shape):
        knots = values.shape[axis]
        hats = 1.0 - np.abs(np.linspace(0, knots - 1, size)[:, None] - np.arange(knots))
        values = np.moveaxis(np.tensordot(np.maximum(hats, 0.0), values, (1, axis)), 0, axis)
    return values


def lower_half(phantom: SpinePhantom, mask: np.ndarray, frame: Frame) -> np.ndarray:
    """Part of a mask below the middle of a vertebra."""
    return mask & (_height(phantom, mask.shape, frame) < 0)


def ball_in_front(phantom: SpinePhantom, frame: Frame, reach_mm: float) -> np.ndarray:
    """Ball at ``reach_mm`` in front of a vertebra's centre, clear of the spine."""
    geometry = phantom.spine.geometry
    world = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    distance = ((world - np.array(frame.at(0, reach_mm, 0))) ** 2).sum(axis=-1)
    ball = (distance < EXTRA_RADIUS_MM**2) & (phantom.spine.array == 0) & (phantom.canal.array == 0)
    if not ball.any():
        raise UsageError("The field of view has no room for an extra vertebra there.", "Choose another level.")
    return np.asarray(ball)


def leak_into_canal(phantom: SpinePhantom, mask: np.ndarray) -> np.ndarray:
    """Voxels of the canal within :data:`LEAK_MM` of a mask."""
    distance = ndimage.distance_transform_edt(~mask, sampling=phantom.spine.geometry.spacing)
    return np.asarray((distance <= LEAK_MM) & (phantom.canal.array > 0))


def _height(phantom: SpinePhantom, shape: tuple[int, ...], frame: Frame) -> np.ndarray:
    geometry = phantom.spine.geometry
    up = np.array(frame.superior)
    weights = (geometry.affine[:3, :3] * up[:, None]).sum(axis=0)
    offset = float(((geometry.affine[:3, 3] - np.array(frame.center)) * up).sum())
    i, j, k = np.ogrid[tuple(slice(0, n) for n in shape)]
    return np.asarray(weights[0] * i + weights[1] * j + weights[2] * k + offset)
