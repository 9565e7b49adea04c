"""Distances between the surfaces of two masks, in millimetres, each weighted with the area that it stands for.

On grids whose slices are thicker than their pixels, counting border voxels gives the slices too little weight; so the
surface is cut into elements of known area (see :mod:`.cell_areas`), as Nikolov et al. (arXiv 1809.04430) propose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .cell_areas import CORNERS, FULL_CELL, cell_areas

HAUSDORFF_SHARE = 0.95
"""Share of the surface that the robust Hausdorff distance looks at."""


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """From every element of two surfaces the distance to the other surface.

    Parameters
    ----------
    to_truth, to_prediction
        Millimetres, from the elements of the prediction to the truth's surface and back; ascending.
    prediction_areas, truth_areas
        Square millimetres of the same elements.
    """

    to_truth: np.ndarray
    prediction_areas: np.ndarray
    to_prediction: np.ndarray
    truth_areas: np.ndarray

    def dice(self, tolerance_mm: float) -> float:
        """Share of both surfaces that lies within a tolerance of the other (normalized surface Dice, NSD)."""
        near = self.prediction_areas[self.to_truth <= tolerance_mm].sum()
        near += self.truth_areas[self.to_prediction <= tolerance_mm].sum()
        return float(near / (self.prediction_areas.sum() + self.truth_areas.sum()))

    def hausdorff_mm(self, share: float = HAUSDORFF_SHARE) -> float:
        """Distance that ``share`` of each surface keeps to the other; 1 gives the plain Hausdorff distance."""
        there = _weighted_quantile(self.to_truth, self.prediction_areas, share)
        return max(there, _weighted_quantile(self.to_prediction, self.truth_areas, share))


def surface_distances(
    prediction: np.ndarray, truth: np.ndarray, spacing: tuple[float, float, float]
) -> SurfaceDistances:
    """Measure the distances between the surfaces of two masks.

    Parameters
    ----------
    prediction, truth
        Boolean arrays of one shape, both with voxels inside. What lies beyond the array counts as outside, so that
        cutting both down to the box around their voxels changes nothing.
    spacing
        Distance of voxels along the axes in millimetres.
    """
    areas = cell_areas(spacing)
    prediction_cells, truth_cells = cell_codes(prediction), cell_codes(truth)
    on_prediction, on_truth = _on_surface(prediction_cells), _on_surface(truth_cells)
    to_truth = _distances(on_prediction, on_truth, spacing)
    to_prediction = _distances(on_truth, on_prediction, spacing)
    there, back = np.argsort(to_truth, kind="stable"), np.argsort(to_prediction, kind="stable")
    return SurfaceDistances(
        to_truth[there],
        areas[prediction_cells[on_prediction]][there],
        to_prediction[back],
        areas[truth_cells[on_truth]][back],
    )


def cell_codes(mask: np.ndarray) -> np.ndarray:
    """Return which corners of each cell of 2 x 2 x 2 voxels are inside, one voxel beyond the array included.

    Returns
    -------
    numpy.ndarray
        Codes of :mod:`.cell_areas`, uint8, one longer than ``mask`` along each axis.
    """
    padded = np.pad(np.ascontiguousarray(mask).view(np.uint8), 1)
    codes = np.zeros([n + 1 for n in mask.shape], dtype=np.uint8)
    for bit, (i, j, k) in enumerate(CORNERS):
        ni, nj, nk = codes.shape
        codes |= padded[i : i + ni, j : j + nj, k : k + nk] << np.uint8(bit)
    return codes


def _on_surface(codes: np.ndarray) -> np.ndarray:
    on_surface: np.ndarray = (codes != 0) & (codes != FULL_CELL)
    return on_surface


def _distances(start: np.ndarray, goal: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Distance from each cell of ``start`` (C order) to the nearest of ``goal``, to the bit as a distance map has it.

    Cells that are in both need no search, and the rest is searched by surface, not by volume: structures that run
    along the whole spine lie in a box that is nearly empty.
    """
    distances = np.zeros(np.count_nonzero(start))
    apart = ~goal[start]
    goals, wanted = np.argwhere(goal), np.argwhere(start & ~goal)
    tree = cKDTree(goals * spacing, balanced_tree=False, compact_nodes=False)
    _, nearest = tree.query(wanted * np.asarray(spacing))
    distances[apart] = np.sqrt((((wanted - goals[nearest]) * spacing) ** 2).sum(axis=1))
    return distances


def _weighted_quantile(ascending: np.ndarray, weights: np.ndarray, share: float) -> float:
    reached = np.cumsum(weights)
    place = int(np.searchsorted(reached, share * reached[-1]))
    return float(ascending[min(place, ascending.size - 1)])
