"""The way into a small box around the cord and back: centerline, working grid, one range of gray values, native grid.

Training and inference both go through these functions, so that a model sees the same kind of box in both. The box is a
plain part of the scan with a true position in space; no slice is moved against another (:mod:`.straighten` does that).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..errors import InputError
from ..imaging import FOOT_HEAD, Geometry, Image, LabelMap, resample_image, resample_labels

WORKING_VOXEL_MM = 0.5
"""Voxel size of the box, along all axes unless the slices are kept."""

SMOOTHING_MM = 5.0
"""Standard deviation of the Gaussian that smooths the centerline along the cord."""

PERCENTILES = (2.0, 98.0)
"""Gray values of the box that become 0 and :data:`TOP`."""

TOP = 255.0


def centerline_of(cord: LabelMap, smoothing_mm: float = SMOOTHING_MM) -> np.ndarray:
    """Return the cord's course: the center of mass of each slice across it, smoothed along it.

    Parameters
    ----------
    cord
        Every value but 0 counts. It may be coarse, or have gaps.
    smoothing_mm
        Standard deviation of the smoothing along the cord; 0 for none.

    Returns
    -------
    numpy.ndarray
        (slices that hold cord, 3), RAS mm, in the order of the file.

    Raises
    ------
    InputError
        The mask is empty.
    """
    along = cord.geometry.axis_along(FOOT_HEAD)
    voxels = np.argwhere(cord.array)
    if voxels.size == 0:
        raise InputError("There is no cord to follow: its mask is empty.", "Give points on the cord by hand.")
    slices, inverse, counts = np.unique(voxels[:, along], return_inverse=True, return_counts=True)
    centers = np.stack([np.bincount(inverse, voxels[:, axis]) / counts for axis in range(3)], axis=1)
    if smoothing_mm > 0 and len(slices) > 1:
        centers = _smoothed(slices, centers, smoothing_mm / cord.geometry.spacing[along])
    return cord.geometry.to_world(centers)


def points_inside(geometry: Geometry, points: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
    """Return those points (n, 3), RAS mm, that lie in a voxel of the image.

    Raises
    ------
    InputError
        None does.
    """
    course = np.asarray(points, dtype=float).reshape(-1, 3)
    index = geometry.to_index(course)
    inside = ((index >= -0.5) & (index <= np.array(geometry.shape) - 0.5)).all(axis=1)
    if not inside.any():
        raise InputError(
            f"None of the {len(course)} point(s) on the cord lies in the image.",
            "Give points in millimeters, x to the right, y to the front, z to the head, as Slicer shows them in RAS.",
        )
    return np.asarray(course[inside])


def box_around(
    geometry: Geometry,
    points: Sequence[Sequence[float]] | np.ndarray,
    *,
    across_mm: float,
    along_mm: float,
    voxel_mm: float = WORKING_VOXEL_MM,
    native_slices: bool = False,
) -> Geometry:
    """Return the working grid around points on the cord, its axes those of the image.

    It ends at the image's outermost voxel centers: nothing is padded, so padding can neither be seen by the network nor
    enter into a percentile.

    Parameters
    ----------
    geometry
        The image's grid.
    points
        (n, 3), RAS mm.
    across_mm, along_mm
        How far the box reaches beyond the points, across the cord and along it.
    voxel_mm
        Voxel size of the working grid.
    native_slices
        Keep the image's own voxel size along the cord.

    Raises
    ------
    InputError
        No point, or none inside the image.
    """
    index, last = geometry.to_index(points_inside(geometry, points)), np.array(geometry.shape) - 1
    spacing, along = np.array(geometry.spacing), geometry.axis_along(FOOT_HEAD)
    reach = np.full(3, across_mm)
    reach[along] = along_mm
    low = np.clip(index.min(axis=0) - reach / spacing, 0, last)
    high = np.clip(index.max(axis=0) + reach / spacing, 0, last)
    step = np.full(3, voxel_mm)
    if native_slices:
        low[along], high[along] = np.floor(low[along]), np.ceil(high[along])
        step[along] = spacing[along]
    shape = np.floor((high - low) * spacing / step + 1e-6).astype(int) + 1
    affine = geometry.affine.copy()
    affine[:3, :3] *= step / spacing
    affine[:3, 3] = geometry.to_world(low)
    return Geometry((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def cut_image(image: Image, box: Geometry) -> Image:
    """Return the image on the working grid (linear), its gray values stretched to 0 … 255.

    The file that it came from is no longer its source: its header tells of another grid.
    """
    inside = resample_image(image, box)
    low, high = np.percentile(inside.array, PERCENTILES)
    if not high > low:
        raise InputError("The image has no contrast around the cord.", "Check that the points lie on the cord.")
    array = np.clip((inside.array - low) * (TOP / (high - low)), 0, TOP).astype(np.float32)
    return replace(inside, array=array, source=None)


def cut_labels(labels: LabelMap, box: Geometry) -> LabelMap:
    """Return a mask on the working grid (nearest neighbor)."""
    return replace(resample_labels(labels, box), source=None)


def restore_native(labels: LabelMap, geometry: Geometry) -> LabelMap:
    """Return a mask of the working grid on the image's own (nearest neighbor); background outside the box."""
    return replace(resample_labels(labels, geometry), source=None)


def cut_faces(labels: LabelMap, geometry: Geometry) -> tuple[str, ...]:
    """Return the sides of the box where a mask reaches its last voxels although the image goes on.

    Parameters
    ----------
    labels
        The mask on the working grid.
    geometry
        The image's grid, with the same axes.

    Returns
    -------
    tuple of str
        ``left``, ``right``, ``back``, ``front``, ``foot``, ``head``.
    """
    names = (("left", "right"), ("back", "front"), ("foot", "head"))
    box, faces = labels.geometry, []
    ends = geometry.to_index(box.to_world(np.array([(0, 0, 0), np.subtract(box.shape, 1)])))
    for axis, (world, direction) in enumerate(box.orientation.astype(int).tolist()):
        # The last voxel of the box may lie up to one of its own voxels inside the image's last.
        slack = box.spacing[axis] / geometry.spacing[axis]
        goes_on = (ends[0, axis] > slack, ends[1, axis] < geometry.shape[axis] - 1 - slack)
        for end, index in enumerate((0, -1)):
            if goes_on[end] and labels.array.take(index, axis).any():
                faces.append(names[world][end if direction > 0 else 1 - end])
    return tuple(faces)


def _smoothed(slices: np.ndarray, centers: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth along the slices; a line stays a line up to its ends, since the ends are prolonged in their direction."""
    every = np.arange(slices[0], slices[-1] + 1)
    reach = int(np.ceil(4 * sigma))
    result = np.empty_like(centers)
    for axis in range(3):
        course = np.interp(every, slices, centers[:, axis])
        padded = np.pad(course, reach, mode="reflect", reflect_type="odd") if len(course) > 1 else course
        smooth = gaussian_filter1d(padded, sigma)
        result[:, axis] = smooth[reach : reach + len(every)][slices - slices[0]] if len(course) > 1 else course
    return result
