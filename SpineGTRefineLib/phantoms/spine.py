"""`make_spine`: a synthetic spine MRI with exact labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..anatomy import scheme
from ..errors import UsageError
from ..imaging import Geometry, Image, LabelMap
from .body import all_solids
from .painter import Canvas
from .signal import average_slices, finish_image, person_brightness
from .skeleton import Skeleton, build_skeleton
from .storage import storage_variant
from .tables import region_limits
from .vertebra import PARTS


@dataclass(frozen=True)
class SpineSettings:
    """What to scan and how.

    Parameters
    ----------
    spacing
        Voxel size in mm: left-right, back-front, foot-head. One number means isotropic.
    region
        Field of view: ``whole``, ``cervical``, ``thoracic`` or ``lumbar``.
    variant
        ``usual``, ``T13``, ``L6``, ``4-lumbar`` or ``11-thoracic``.
    contrast
        ``T2w``, ``T1w``, or ``CT`` (bone bright, little between soft tissues).
    width, depth
        Extent of the field of view left-right and back-front in mm.
    shape
        Number of voxels (left-right, back-front, foot-head) instead of the region's own; centred on the region.
    oblique
        Rotation of the grid in degrees about the left-right, back-front and foot-head axis.
    axcodes
        Storage order of the voxels, for example ``"RAS"`` or the left-handed ``"LAS"``.
    scale
        Size of the person; 1 is an average adult.
    rootlets
        Whether to paint rootlets (and return their mask).
    noise, bias
        See :func:`SpineGTRefineLib.phantoms.signal.finish_image`.
    scan
        Draws texture, bias and noise anew: two scans of one person differ in it, and not in the anatomy.
    """

    spacing: float | tuple[float, float, float] = 1.5
    region: str = "whole"
    variant: str = "usual"
    contrast: str = "T2w"
    width: float = 64.0
    depth: float = 116.0
    shape: tuple[int, int, int] | None = None
    oblique: tuple[float, float, float] = (0.0, 0.0, 0.0)
    axcodes: str = "RAS"
    scale: float = 1.0
    rootlets: bool = True
    noise: float = 0.03
    bias: float = 0.25
    scan: int = 0

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along three axes."""
        if isinstance(self.spacing, tuple):
            return self.spacing
        return (float(self.spacing),) * 3


@dataclass(frozen=True, eq=False)
class SpinePhantom:
    """A synthetic scan and its exact masks, all on one grid.

    Parameters
    ----------
    image
        The scan, int16.
    spine
        Vertebrae, discs and sacrum in the house scheme ``spine``.
    canal, cord
        Whole dural sac (cord included, scheme ``canal``) and cord (scheme ``cord``).
    sacrum
        Scheme ``sacrum``.
    rootlets
        Scheme ``rootlets``, or None where none were painted.
    semantic
        Sub-regions in SPINEPS' semantic values (scheme ``spineps_semantic``).
    skeleton
        The anatomy itself in world millimetres.
    settings, seed
        What it was made from.
    """

    image: Image
    spine: LabelMap
    canal: LabelMap
    cord: LabelMap
    sacrum: LabelMap
    rootlets: LabelMap | None
    semantic: LabelMap
    skeleton: Skeleton
    settings: SpineSettings
    seed: int


def make_spine(seed: int = 0, settings: SpineSettings | None = None, **changes: Any) -> SpinePhantom:
    """Make a synthetic spine.

    Parameters
    ----------
    seed
        Draws the person and the noise. The same seed and settings give the same masks on every machine.
    settings
        What to scan and how; the defaults are a whole spine at 1.5 mm.
    **changes
        Single fields of :class:`SpineSettings` to change.

    Returns
    -------
    SpinePhantom
        Image and masks on one grid.
    """
    chosen = replace(settings or SpineSettings(), **changes)
    people, noise = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2, chosen.scan])
    skeleton = build_skeleton(people, chosen.variant, chosen.scale)
    geometry = _scan_grid(skeleton, chosen)
    factors = [_odd(s / min(geometry.spacing)) for s in geometry.spacing]
    canvas = Canvas(_refined(geometry, factors), person_brightness(people, chosen.contrast))
    canvas.paint(all_solids(skeleton, rootlets=chosen.rootlets, finest_mm=min(geometry.spacing)))
    signal = canvas.signal
    for axis, factor in enumerate(factors):
        signal = average_slices(signal, factor, axis)
    image = finish_image(signal, geometry.spacing, noise, noise=chosen.noise, bias=chosen.bias)
    centers = tuple(slice(f // 2, None, f) for f in factors)
    masks = _masks(canvas.level[centers], canvas.part[centers], canvas.rootlet[centers], geometry, chosen.axcodes)
    stored = storage_variant(Image(image, geometry), chosen.axcodes)
    if not chosen.rootlets:
        masks["rootlets"] = None
    return SpinePhantom(image=stored, skeleton=skeleton, settings=chosen, seed=seed, **masks)  # type: ignore[arg-type]


def _masks(
    level: np.ndarray, part: np.ndarray, rootlet: np.ndarray, geometry: Geometry, axcodes: str
) -> dict[str, LabelMap | None]:
    spine = scheme("spine")
    sacrum = level == spine.value_of("sacrum")
    in_canal = (part == PARTS.canal) | (part == PARTS.cord)
    arrays = {
        "spine": (level, "spine"),
        "canal": (in_canal, "canal"),
        "cord": (part == PARTS.cord, "cord"),
        "sacrum": (sacrum, "sacrum"),
        "rootlets": (rootlet, "rootlets"),
        "semantic": (part, "spineps_semantic"),
    }
    return {
        name: storage_variant(LabelMap(array.astype(np.uint8), geometry, scheme(scheme_name)), axcodes)
        for name, (array, scheme_name) in arrays.items()
    }


def _scan_grid(skeleton: Skeleton, settings: SpineSettings) -> Geometry:
    """Grid that covers the region, rotated about its centre."""
    top, bottom = (skeleton.vertebra(level) for level in region_limits(settings.region))
    high = top.frame.center[2] + top.size.body_height * 0.5 + 12.0
    low = bottom.frame.center[2] - bottom.size.body_height * 0.5 - 6.0
    seen = [v.frame.center for v in skeleton.vertebrae if low <= v.frame.center[2] <= high]
    back, front = min(c[1] for c in seen) - 0.62 * settings.depth, max(c[1] for c in seen) + 0.38 * settings.depth
    side = sum(c[0] for c in seen) / len(seen)
    spacing = settings.spacing_mm
    if min(spacing) <= 0:
        raise UsageError(f"A voxel size must be above 0 mm; got {spacing}.")
    extent = (settings.width, front - back, high - low)
    shape = settings.shape or tuple(max(1, math.ceil(e / s)) for e, s in zip(extent, spacing, strict=True))
    matrix = _rotation(settings.oblique) * np.array(spacing)
    middle = np.array([side, (front + back) / 2, (high + low) / 2])
    half = (np.array(shape) - 1) / 2
    affine = np.eye(4)
    affine[:3, :3] = matrix
    affine[:3, 3] = middle - (matrix * half).sum(axis=1)
    return Geometry(shape, affine)  # type: ignore[arg-type]


def _rotation(degrees: tuple[float, float, float]) -> np.ndarray:
    """Rotation about x, then y, then z; the identity stays exact."""
    rotation = np.eye(3)
    for axis, angle in enumerate(degrees):
        if angle:
            cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            one, two = (axis + 1) % 3, (axis + 2) % 3
            turn = np.eye(3)
            turn[one, one] = turn[two, two] = cos
            turn[one, two], turn[two, one] = -sin, sin
            rotation = (turn[:, :, None] * rotation[None, :, :]).sum(axis=1)
    return rotation


def _odd(ratio: float) -> int:
    """Nearest odd number of sub-slices, so that one of them lies at the voxel's centre."""
    return 2 * math.floor(ratio / 2) + 1


def _refined(geometry: Geometry, factors: list[int]) -> Geometry:
    affine = geometry.affine.copy()
    affine[:3, :3] /= np.array(factors)
    for axis, factor in enumerate(factors):
        affine[:3, 3] -= affine[:3, axis] * (factor // 2)
    i, j, k = (n * f for n, f in zip(geometry.shape, factors, strict=True))
    return Geometry((i, j, k), affine)
