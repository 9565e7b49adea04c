"""Bring a volume onto another grid: nearest neighbour for labels, linear for images."""

from __future__ import annotations

import numpy as np
import SimpleITK

from .geometry import Geometry
from .volumes import Image, LabelMap

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def resample_labels(labels: LabelMap, geometry: Geometry, placement: np.ndarray | None = None) -> LabelMap:
    """Return the labels at the voxel centres of another grid (nearest neighbour); background outside their own grid.

    Parameters
    ----------
    labels
        The labels.
    geometry
        The other grid.
    placement
        4 x 4, from RAS millimetres of the other grid to RAS millimetres of the labels, where the two were not measured
        in one position (see :mod:`.registration`); None where the headers tell the truth.
    """
    if placement is None and labels.geometry.matches(geometry):
        return LabelMap(labels.array, geometry, labels.scheme, labels.source)
    array = _resampled(labels.array, labels.geometry, geometry, SimpleITK.sitkNearestNeighbor, placement)
    return LabelMap(array, geometry, labels.scheme, labels.source)


def resample_image(image: Image, geometry: Geometry, placement: np.ndarray | None = None) -> Image:
    """Return the image at the voxel centres of another grid (linear); 0 outside its own grid.

    The result is float32, or float64 if the image is. There is no smoothing before downsampling. ``placement`` is as
    for :func:`resample_labels`.
    """
    if placement is None and image.geometry.matches(geometry):
        return Image(image.array, geometry, image.source)
    kind = np.float64 if image.array.dtype == np.float64 else np.float32
    array = _resampled(image.array.astype(kind, copy=False), image.geometry, geometry, SimpleITK.sitkLinear, placement)
    return Image(array, geometry, image.source)


def itk_image(array: np.ndarray, geometry: Geometry) -> SimpleITK.Image:
    """Return an array (axes i, j, k) as an image of ITK, in its LPS coordinates."""
    # ITK's axes are i, j, k like ours; only its numpy view has them reversed.
    image = SimpleITK.GetImageFromArray(array.transpose())
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(_origin(geometry))
    image.SetDirection(_direction(geometry))
    return image


def itk_transform(placement: np.ndarray) -> SimpleITK.AffineTransform:
    """Return a 4 x 4 matrix between RAS coordinates as a transform of ITK between LPS coordinates."""
    turned = _RAS_TO_LPS @ placement @ _RAS_TO_LPS
    transform = SimpleITK.AffineTransform(3)
    transform.SetMatrix(turned[:3, :3].ravel().tolist())
    transform.SetTranslation(turned[:3, 3].tolist())
    return transform


def placement_of(transform: SimpleITK.Transform) -> np.ndarray:
    """Return a linear transform of ITK as a 4 x 4 matrix between RAS coordinates."""
    corners = np.array([transform.TransformPoint(point) for point in np.vstack([np.zeros(3), np.eye(3)]).tolist()])
    matrix = np.eye(4)
    matrix[:3, :3] = (corners[1:] - corners[0]).T
    matrix[:3, 3] = corners[0]
    return np.asarray(_RAS_TO_LPS @ matrix @ _RAS_TO_LPS)


def _resampled(
    array: np.ndarray, source: Geometry, target: Geometry, interpolator: int, placement: np.ndarray | None
) -> np.ndarray:
    resampler = SimpleITK.ResampleImageFilter()
    resampler.SetSize(target.shape)
    resampler.SetOutputSpacing(target.spacing)
    resampler.SetOutputOrigin(_origin(target))
    resampler.SetOutputDirection(_direction(target))
    resampler.SetInterpolator(interpolator)
    if placement is not None:
        resampler.SetTransform(itk_transform(placement))
    return np.asarray(SimpleITK.GetArrayFromImage(resampler.Execute(itk_image(array, source)))).transpose()


def _origin(geometry: Geometry) -> tuple[float, ...]:
    return tuple((_RAS_TO_LPS[:3, :3] @ geometry.affine[:3, 3]).tolist())


def _direction(geometry: Geometry) -> tuple[float, ...]:
    return tuple((_RAS_TO_LPS[:3, :3] @ geometry.affine[:3, :3] / geometry.spacing).ravel().tolist())
