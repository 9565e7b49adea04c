"""`make_mouse`: a synthetic ex-vivo mouse cord with grey and white matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anatomy import scheme
from ..imaging import Geometry, Image, LabelMap
from .signal import finish_image

SIGNAL = {"bath": 0.35, "white": 0.45, "grey": 0.85}
"""T1w ex-vivo signal of the bath around the cord, white matter and grey matter."""


@dataclass(frozen=True, eq=False)
class MousePhantom:
    """A synthetic mouse cord: image and exact labels (scheme ``gmwm``: 1 grey, 2 white matter)."""

    image: Image
    gmwm: LabelMap
    seed: int


def make_mouse(
    seed: int = 0, *, shape: tuple[int, int, int] = (64, 64, 80), spacing: float = 0.05, noise: float = 0.04
) -> MousePhantom:
    """Make a synthetic mouse cord.

    Parameters
    ----------
    seed
        Draws size, course and noise.
    shape
        Number of voxels left-right, back-front, foot-head.
    spacing
        Voxel size in mm.
    noise
        Standard deviation of the noise, relative to a signal of 1.
    """
    rng, noise_rng = np.random.default_rng([seed, 6]), np.random.default_rng([seed, 7])
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = [-(n - 1) / 2 * spacing for n in shape]
    geometry = Geometry(shape, affine)
    i, j, k = (np.arange(n, dtype=float) for n in shape)
    along = (k / max(shape[2] - 1, 1) - 0.5)[None, None, :]
    bend, size = rng.random(4) - 0.5, 0.92 + 0.16 * rng.random(3)
    x = affine[0, 3] + spacing * i[:, None, None] - 0.25 * bend[0] * along - 0.1 * bend[1]
    y = affine[1, 3] + spacing * j[None, :, None] - 0.4 * bend[2] * (along * along - 0.25) - 0.1 * bend[3]
    # The lumbar enlargement: the cord is wider in the middle of the piece.
    swell = 1.0 + 0.12 * (0.25 - along * along) * 4.0
    half_width, half_depth = 1.15 * size[0] * swell, 0.85 * size[1] * swell
    u, v = x / half_width, y / half_depth
    outside = np.sqrt(u * u + v * v) - 1.0
    grey = _butterfly(u, v, 0.95 * size[2])
    layers = ((outside, SIGNAL["white"]), (np.maximum(grey, outside + 0.08), SIGNAL["grey"]))
    signal = np.full(shape, SIGNAL["bath"], np.float32)
    for distance, brightness in layers:
        share = np.clip(0.5 - distance * 0.85 / spacing, 0.0, 1.0)
        signal += (share * (brightness - signal)).astype(np.float32)
    labels = np.where(outside < 0, 2, 0).astype(np.uint8)
    labels[np.broadcast_to(layers[1][0] < 0, shape)] = 1
    image = finish_image(signal, geometry.spacing, noise_rng, noise=noise, bias=0.2)
    return MousePhantom(Image(image, geometry), LabelMap(labels, geometry, scheme("gmwm")), seed)


def _butterfly(u: np.ndarray, v: np.ndarray, size: float) -> np.ndarray:
    """Grey matter's cross-section in units of the cord's half-axes: two slanted horns and a bridge between them."""
    side = np.abs(u)
    front = np.sqrt(((side - 0.30 * size) / 0.24) ** 2 + ((v - 0.22) / 0.36) ** 2) - 1.0
    back = np.sqrt(((side - 0.28 * size - 0.15 * v) / 0.13) ** 2 + ((v + 0.36) / 0.42) ** 2) - 1.0
    bridge = np.maximum(side / (0.4 * size) - 1.0, np.abs(v) / 0.11 - 1.0) * 0.5
    return np.asarray(np.minimum(np.minimum(front * 0.24, back * 0.13), bridge * 0.2))
