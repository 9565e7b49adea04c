"""Bring a volume onto another grid: nearest neighbour for labels, linear for images."""

from __future__ import annotations

import numpy as np
import SimpleITK

from .geometry import Geometry
from .volumes import Image, LabelMap

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


def resample_labels(labels: LabelMap, geometry: Geometry) -> LabelMap:
    """Return the labels at the voxel centres of another grid (nearest neighbour); background outside their own grid."""
    if labels.geometry.matches(geometry):
        return LabelMap(labels.array, geometry, labels.scheme, labels.source)
    array = _resampled(labels.array, labels.geometry, geometry, SimpleITK.sitkNearestNeighbor)
    return LabelMap(array, geometry, labels.scheme, labels.source)


def resample_image(image: Image, geometry: Geometry) -> Image:
    """Return the image at the voxel centres of another grid (linear); 0 outside its own grid.

    The result is float32, or float64 if the image is. There is no smoothing before downsampling.
    """
    if image.geometry.matches(geometry):
        return Image(image.array, geometry, image.source)
    kind = np.float64 if image.array.dtype == np.float64 else np.float32
    array = _resampled(image.array.astype(kind, copy=False), image.geometry, geometry, SimpleITK.sitkLinear)
    return Image(array, geometry, image.source)


def _resampled(array: np.ndarray, source: Geometry, target: Geometry, interpolator: int) -> np.ndarray:
    # ITK's axes are i, j, k like ours; only its numpy view has them reversed.
    moving = SimpleITK.GetImageFromArray(array.transpose())
    _set_grid(moving, source)
    resampler = SimpleITK.ResampleImageFilter()
    resampler.SetSize(target.shape)
    resampler.SetOutputSpacing(target.spacing)
    resampler.SetOutputOrigin(_origin(target))
    resampler.SetOutputDirection(_direction(target))
    resampler.SetInterpolator(interpolator)
    return np.asarray(SimpleITK.GetArrayFromImage(resampler.Execute(moving))).transpose()


def _set_grid(image: SimpleITK.Image, geometry: Geometry) -> None:
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(_origin(geometry))
    image.SetDirection(_direction(geometry))


def _origin(geometry: Geometry) -> tuple[float, ...]:
    return tuple((_RAS_TO_LPS @ geometry.affine[:3, 3]).tolist())


def _direction(geometry: Geometry) -> tuple[float, ...]:
    return tuple((_RAS_TO_LPS @ geometry.affine[:3, :3] / geometry.spacing).ravel().tolist())
