"""The middle of the cord as a curve, and how far along it a place lies below the pontomedullary junction (PMJ).

A level counted in slices depends on how the neck is bent and how the image is cut; the way along the cord does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_smoothing_spline

from ...errors import UsageError
from ...imaging import LabelMap
from .slices import HeadFoot

SHORTEST_WAVE_MM = 20.0
"""Bends of the center of mass shorter than this are noise of the mask, not of the neck."""

FEWEST_SLICES = 5
"""The spline needs as many points."""


@dataclass(frozen=True, eq=False)
class Centerline:
    """A way from the PMJ down the cord.

    Parameters
    ----------
    slices
        Slices of the image's head-foot axis, counted from the head, ascending.
    distances_mm
        Length of the way from the PMJ to the middle of the cord in each of these slices.
    """

    slices: np.ndarray
    distances_mm: np.ndarray

    def distance_mm(self, from_head: float) -> float | None:
        """Return the way from the PMJ to a slice (or between two), or None where there is no cord."""
        if not self.slices[0] <= from_head <= self.slices[-1]:
            return None
        return float(np.interp(from_head, self.slices, self.distances_mm))


def centerline_below(cord: LabelMap, pmj_mm: np.ndarray) -> Centerline:
    """Follow the cord down from the pontomedullary junction.

    Parameters
    ----------
    cord
        Everything that is not 0 is cord. Slices without cord are bridged.
    pmj_mm
        The junction in RAS millimetres. Between it and the first slice of cord the way is straight.

    Raises
    ------
    UsageError
        There are too few slices of cord below the junction.
    """
    along = HeadFoot.of(cord.geometry)
    from_head, points = _centers(cord, along)
    junction = along.from_head(float(cord.geometry.to_index(pmj_mm)[along.axis]))
    below = from_head > junction
    if np.count_nonzero(below) < FEWEST_SLICES:
        raise UsageError(
            f"The cord lies in {np.count_nonzero(below)} slices below the pontomedullary junction; "
            f"{FEWEST_SLICES} are needed.",
            "Check that the landmark and the cord belong to the same image.",
        )
    points = _smoothed(from_head * along.step_mm, points, along.step_mm)[below]
    steps = np.linalg.norm(np.diff(points, axis=0, prepend=[pmj_mm]), axis=1)
    return Centerline(np.append(junction, from_head[below]), np.append(0.0, np.cumsum(steps)))


def pmj_position(landmarks: LabelMap, key: str = "point_pontomedullary_junction") -> np.ndarray:
    """Return where a landmark lies, in RAS millimetres (the middle of its voxels).

    Raises
    ------
    UsageError
        The map has no such landmark.
    """
    voxels = np.argwhere(landmarks.array == landmarks.scheme.value_of(key))
    if not len(voxels):
        raise UsageError(
            "The landmarks hold no pontomedullary junction.",
            f"Mark it with the value {landmarks.scheme.value_of(key)} of the scheme {landmarks.scheme.name!r}.",
        )
    return landmarks.geometry.to_world(voxels.mean(axis=0))


def _centers(cord: LabelMap, along: HeadFoot) -> tuple[np.ndarray, np.ndarray]:
    """Return the slices that have cord, from the head, and its center in each, in RAS millimetres."""
    voxels = np.nonzero(cord.array)
    place = voxels[along.axis]
    counts = np.bincount(place, minlength=along.count)
    found = np.flatnonzero(counts)
    sums = [np.bincount(place, weights=index, minlength=along.count)[found] for index in voxels]
    points = cord.geometry.to_world(np.stack(sums, axis=1) / counts[found][:, None])
    order = slice(None) if along.downward else slice(None, None, -1)
    return along.from_head(found)[order], points[order]


def _smoothed(at_mm: np.ndarray, points: np.ndarray, step_mm: float) -> np.ndarray:
    """Smooth a curve so that waves of :data:`SHORTEST_WAVE_MM` keep half of their height and shorter ones vanish."""
    if len(points) < FEWEST_SLICES:
        return points
    stiffness = (SHORTEST_WAVE_MM / (2 * np.pi)) ** 4 / step_mm
    return np.stack([make_smoothing_spline(at_mm, axis, lam=stiffness)(at_mm) for axis in points.T], axis=1)
