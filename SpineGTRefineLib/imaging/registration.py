"""Where one image lies in another: by registration, with numbers that say whether to believe it.

The measure is mutual information (Mattes et al., IEEE TMI 2003), which needs no relation between the brightness of the
two images, so that CT and MRI, or two contrasts, can be compared. Optimizer and measure are SimpleITK's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK
from scipy import ndimage

from ..errors import CancelledError, InputError, UsageError
from .geometry import Geometry
from .resample import itk_image, placement_of, resample_image
from .similarity import HISTOGRAM_BINS, shared_voxels, similarity_of
from .volumes import Image

Method = Literal["header", "rigid", "affine"]
METHODS: tuple[Method, ...] = ("header", "rigid", "affine")
"""``header``: both headers are right, nothing moved. ``rigid``: turned and shifted. ``affine``: stretched, too."""

WORKING_VOXEL_MM = 1.0
"""Both images are compared on voxels of this size, or of the finer one's own where it is coarser."""

SHRINKING = (4, 2, 1)
"""The coarse levels find large shifts, the last one the place."""

SMALLEST_LEVEL = 8
"""A level with fewer voxels along an axis says nothing, and ITK's smoothing refuses it."""

SAMPLED_PART = 0.3
SEED = 20250224

FIRST_STEP = {"rigid": 2.0, "affine": 0.5}
"""How far the optimizer goes at first. An affine one starts where the rigid one ended; with larger steps it stretches
the images away from each other before it sees that they were close."""

BELIEVABLE_MM = 1.0
"""There and back again must end this close to the start, or within one voxel of coarser images."""


@dataclass(frozen=True, eq=False)
class Registration:
    """Where the moving image lies in the fixed one, and how far that can be believed.

    Parameters
    ----------
    method
        What was allowed to move.
    placement
        4 x 4, from RAS millimetres of the fixed image to RAS millimetres of the moving one.
    similarity, similarity_by_header
        Normalized mutual information (Studholme et al., 1999) with this placement and with the headers' own: 1 for
        unrelated images, 2 for images that determine each other.
    inconsistency_mm
        Mean distance from where a point ends that goes to the moving image by this placement, and back by a
        registration the other way round. Large values mean that at least one of the two is wrong. 0 for ``header``.
    tolerance_mm
        The largest ``inconsistency_mm`` that is believed.
    """

    method: Method
    placement: np.ndarray
    similarity: float
    similarity_by_header: float
    inconsistency_mm: float
    tolerance_mm: float = BELIEVABLE_MM

    @property
    def is_believable(self) -> bool:
        """Whether both directions agree, and the images look more alike than by their headers (or as much)."""
        return not self.doubts

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why it cannot be believed, in words."""
        found = []
        if self.inconsistency_mm > self.tolerance_mm:
            found.append(
                f"there and back ends {self.inconsistency_mm:.1f} mm from the start "
                f"(at most {self.tolerance_mm:.1f} mm is believed)"
            )
        if self.similarity < self.similarity_by_header * 0.999:
            found.append(
                f"the images look less alike than by their headers (similarity {self.similarity:.3f} after "
                f"{self.similarity_by_header:.3f})"
            )
        return tuple(found)

    @property
    def rotation_degrees(self) -> float:
        """Angle by which the placement turns (of its rotation part)."""
        u, _, v = np.linalg.svd(self.placement[:3, :3])
        return math.degrees(math.acos(float(np.clip((np.trace(u @ v) - 1) / 2, -1, 1))))

    def shift_mm(self, points: np.ndarray) -> float:
        """Mean distance by which it moves points (n, 3) in RAS millimetres of the fixed image."""
        return float(np.linalg.norm(_moved(self.placement, points) - points, axis=1).mean())


def by_header(fixed: Image, moving: Image) -> Registration:
    """Take the headers' word for it, and say how alike the images look then.

    Raises
    ------
    InputError
        The images share no space.
    """
    similarity = similarity_of(_working(fixed), moving, np.eye(4))
    return Registration("header", np.eye(4), similarity, similarity, 0.0)


def register(
    fixed: Image, moving: Image, method: Method = "rigid", *, cancel: Callable[[], bool] = lambda: False
) -> Registration:
    """Find where ``moving`` lies in ``fixed``, starting from what their headers say.

    Parameters
    ----------
    fixed, moving
        Two images of one person, of any two contrasts, on any grids.
    method
        What may change; see :data:`METHODS`.
    cancel
        Asked at every step.

    Raises
    ------
    InputError
        By their headers the images share no space, or too little to compare.
    CancelledError
        ``cancel`` returned True.
    """
    if method not in METHODS:
        raise UsageError(f"There is no method {method!r}.", f"Choose one of: {', '.join(METHODS)}.")
    start = by_header(fixed, moving)
    if method == "header":
        return start
    one, other = _working(fixed), _working(moving)
    there, back = _optimized(one, other, method, cancel), _optimized(other, one, method, cancel)
    points = _points(fixed.geometry)
    returned = _moved(back, _moved(there, points))
    return Registration(
        method,
        there,
        similarity_of(one, moving, there),
        start.similarity,
        float(np.linalg.norm(returned - points, axis=1).mean()),
        max(BELIEVABLE_MM, *fixed.geometry.spacing, *moving.geometry.spacing),
    )


def _optimized(fixed: Image, moving: Image, method: Method, cancel: Callable[[], bool]) -> np.ndarray:
    target, source = (itk_image(image.array, image.geometry) for image in (fixed, moving))
    # Elsewhere points only come to lie on the moving image when it slides off the rest, and pull it that way.
    shared = itk_image(shared_voxels(fixed, moving, np.eye(4)).astype(np.uint8), fixed.geometry)
    center = (fixed.geometry.to_world((np.array(fixed.geometry.shape) - 1) / 2) * (-1, -1, 1)).tolist()
    rigid = SimpleITK.Euler3DTransform()
    rigid.SetCenter(center)
    levels = [n for n in SHRINKING if min(fixed.geometry.shape) // n >= SMALLEST_LEVEL] or [1]
    _run((target, source, shared), rigid, levels, FIRST_STEP["rigid"], cancel)
    if method == "rigid":
        return placement_of(rigid)
    affine = SimpleITK.AffineTransform(3)
    affine.SetCenter(center)
    affine.SetMatrix(rigid.GetMatrix())
    affine.SetTranslation(rigid.GetTranslation())
    _run((target, source, shared), affine, levels[-1:], FIRST_STEP["affine"], cancel)
    return placement_of(affine)


def _run(
    images: tuple[SimpleITK.Image, SimpleITK.Image, SimpleITK.Image],
    start: SimpleITK.Transform,
    levels: list[int],
    first_step: float,
    cancel: Callable[[], bool],
) -> None:
    """Optimize ``start`` in place for a fixed image, a moving image, and the part of the fixed one that counts."""
    fixed, moving, shared = images
    search = SimpleITK.ImageRegistrationMethod()
    search.SetMetricFixedMask(shared)
    search.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
    search.SetMetricSamplingStrategy(search.REGULAR)
    search.SetMetricSamplingPercentage(SAMPLED_PART, SEED)
    search.SetInterpolator(SimpleITK.sitkLinear)
    search.SetOptimizerAsRegularStepGradientDescent(
        learningRate=first_step, minStep=1e-3, numberOfIterations=150, relaxationFactor=0.6
    )
    search.SetOptimizerScalesFromPhysicalShift()
    search.SetShrinkFactorsPerLevel(levels)
    search.SetSmoothingSigmasPerLevel([0.5 * WORKING_VOXEL_MM * (n - 1) for n in levels])
    search.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    search.SetInitialTransform(start, inPlace=True)
    search.AddCommand(SimpleITK.sitkIterationEvent, lambda: search.StopRegistration() if cancel() else None)
    try:
        search.Execute(fixed, moving)
    except RuntimeError as error:
        raise InputError(
            "The two images could not be registered: they share too little.",
            "Check that they are of the same person and region; or use the headers (--method header).",
        ) from error
    if cancel():
        raise CancelledError("The registration was stopped.")


def _working(image: Image) -> Image:
    """Return the image on cubic voxels along its own axes, smoothed to their size where its own are finer."""
    geometry = image.geometry
    size = max(WORKING_VOXEL_MM, min(geometry.spacing))
    factors = np.array(geometry.spacing) / size
    i, j, k = (max(1, math.ceil(n * factor)) for n, factor in zip(geometry.shape, factors, strict=True))
    affine = geometry.affine.copy()
    affine[:3, :3] /= factors
    # The first voxels of both grids begin at one border, not at one centre.
    affine[:3, 3] = geometry.to_world((1 / factors - 1) / 2)
    sigmas = np.where(factors < 1, 0.5 * size / np.array(geometry.spacing), 0.0)
    smooth = ndimage.gaussian_filter(image.array.astype(np.float32), sigmas, mode="nearest")
    return resample_image(Image(smooth, geometry), Geometry((i, j, k), affine))


def _points(geometry: Geometry) -> np.ndarray:
    """Points (n, 3) all over a grid, in RAS millimetres."""
    axes = [np.linspace(0.1, 0.9, 5) * (n - 1) for n in geometry.shape]
    return geometry.to_world(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3))


def _moved(placement: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.asarray(points @ placement[:3, :3].T + placement[:3, 3])
