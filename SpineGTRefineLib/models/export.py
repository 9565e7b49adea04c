"""Bring a network's output to the image's grid without ever holding all classes there.

Linear interpolation mixes the values of the surrounding voxels of the model's grid. Where those agree on a label, every
mixture has that label too, so it is known without mixing and only copied; only the few voxels at borders are
interpolated. The result is that of nnU-Net's own export, which interpolates every class everywhere.

The device of the logits is asked for two things only: the label of each voxel of the model's grid, and the logits of
the voxels at borders.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from .checkpoint import import_torch
from .resampling import Axis, slabs

MOST_LABELS = 255
"""Labels are bytes, and one more says that the voxels around disagree."""

UNKNOWN = 255

VALUES_AT_ONCE = {"cpu": 2**15}
"""Voxels of the model's grid that are labelled together, by kind of device: on a CPU so few that they stay in its
cache."""

VALUES_ON_OTHERS = 2**22
"""The same for a GPU."""

VOXELS_AT_ONCE = 2**21
"""Voxels of one slab of the target."""

POINTS_AT_ONCE = 2**16
"""Voxels at borders that are interpolated together: about 30 MB while it works."""

Decide = Callable[[Any], Any]
"""Labels (uint8) from logits (classes, ...), both arrays or both tensors: nnU-Net's arg-max, or its painting of regions
one over another."""


def strongest_class(logits: Any) -> Any:
    """Return the class with the largest logit (classes, ...), of equal ones the first."""
    xp = np if isinstance(logits, np.ndarray) else import_torch()
    best = logits[0] + 0
    labels = xp.zeros_like(best, dtype=xp.uint8)
    for number in range(1, len(logits)):
        # Branchless: a byte of 1 times the class wins over every class before it.
        higher = (logits[number] > best).view(xp.uint8)
        xp.maximum(labels, higher * number, out=labels)
        xp.maximum(best, logits[number], out=best)
    return labels


def painted_regions(order: Sequence[int]) -> Decide:
    """Return what paints regions one over another: each value of ``order`` where its region is more likely than not."""

    def paint(logits: Any) -> Any:
        xp = np if isinstance(logits, np.ndarray) else import_torch()
        labels = xp.zeros_like(logits[0], dtype=xp.uint8)
        with np.errstate(over="ignore"):
            for region, value in zip(logits, order, strict=True):
                labels[1 / (1 + xp.exp(-region)) > 0.5] = int(value)
        return labels

    return paint


def write_labels(logits: Any, axes: Sequence[Axis], decide: Decide, table: np.ndarray, target: np.ndarray) -> None:
    """Write the labels of a network's output into a target grid.

    Parameters
    ----------
    logits
        Tensor (classes, x, y, z), on any device. Not changed.
    axes
        From the grid of ``logits`` to that of ``target``.
    decide
        Gives the labels of logits, at most :data:`MOST_LABELS` different ones.
    table
        Value to write for each label.
    target
        Array of the target's shape, filled by slabs along its first axis.
    """
    cells = _cells(_labels(logits, decide), axes)
    values = None if np.array_equal(table, np.arange(len(table))) else np.resize(table, UNKNOWN + 1)
    for slab in slabs(axes, VOXELS_AT_ONCE):
        labels = _spread(cells[slab.source], slab.axes)
        _decide_borders(logits[:, slab.source], slab.axes, decide, labels)
        target[slab.target] = labels if values is None else values[labels]


def _labels(logits: Any, decide: Decide) -> np.ndarray:
    """Label of each voxel of the model's grid."""
    flat = logits.reshape(len(logits), -1)
    labels = np.empty(flat.shape[1], dtype=np.uint8)
    on_cpu = logits.device.type == "cpu"
    portion = VALUES_AT_ONCE.get(logits.device.type, VALUES_ON_OTHERS)
    for start in range(0, len(labels), portion):
        values = flat[:, start : start + portion].float()
        labels[start : start + portion] = decide(values.numpy()) if on_cpu else decide(values).cpu().numpy()
    return labels.reshape(logits.shape[1:])


def _cells(labels: np.ndarray, axes: Sequence[Axis]) -> np.ndarray:
    """Label of each cell of the model's grid (a voxel and its upper neighbors); ``UNKNOWN`` where these disagree."""
    cells = labels.copy()
    for number, axis in enumerate(axes):
        if not axis.mixes:
            continue
        turned = np.moveaxis(cells, number, 0)
        here, above = turned[:-1], turned[1:]
        # -1 as a byte is UNKNOWN, and "or" with it stays so.
        here |= np.negative((here != above).view(np.uint8))
    return cells


def _spread(cells: np.ndarray, axes: Sequence[Axis]) -> np.ndarray:
    """Give each target voxel the label of the cell that it lies in; the last axis first, where there is least to do."""
    for number in (2, 1, 0):
        cells = np.take(cells, axes[number].lower, axis=number)
    return cells


def _decide_borders(logits: Any, axes: Sequence[Axis], decide: Decide, labels: np.ndarray) -> None:
    """Replace ``UNKNOWN`` in a slab by the labels of the interpolated logits."""
    flat = labels.reshape(-1)
    border = np.flatnonzero(flat == UNKNOWN)
    source = logits.reshape(len(logits), -1) if len(border) else logits
    for start in range(0, len(border), POINTS_AT_ONCE):
        points = border[start : start + POINTS_AT_ONCE]
        corners, weights = _corners(points, axes, labels.shape, logits.shape[2:])
        flat[points] = decide(_interpolate(source, corners, weights).T)


def _corners(
    points: np.ndarray, axes: Sequence[Axis], shape: Sequence[int], inner: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Flat indices into the source and weights, both (points, 8), of the voxels around flat indices into the target."""
    sides = []
    strides = (inner[0] * inner[1], inner[1], 1)
    for axis, index, stride in zip(axes, np.unravel_index(points, tuple(shape)), strides, strict=True):
        upper = axis.weight[index]
        sides.append(((axis.lower[index] * stride, 1 - upper), (axis.upper[index] * stride, upper)))
    corners = np.empty((len(points), 8), dtype=np.int32)
    weights = np.empty((len(points), 8))
    for number, ((x, part_x), (y, part_y), (z, part_z)) in enumerate(itertools.product(*sides)):
        corners[:, number] = x + y + z
        weights[:, number] = part_x * part_y * part_z
    return corners, weights


def _interpolate(source: Any, corners: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Logits (points, classes), rounded to the type of the source (classes, voxels) as nnU-Net rounds.

    Neighboring points share corners: each of those is fetched once, and a sparse matrix mixes them.
    """
    torch = import_torch()
    seen = np.zeros(source.shape[1], dtype=bool)
    seen[corners] = True
    needed = np.flatnonzero(seen)
    place = np.empty(source.shape[1], dtype=np.int32)
    place[needed] = np.arange(len(needed), dtype=np.int32)
    fetched = source[:, torch.from_numpy(needed).to(source.device)].cpu().numpy()
    rows = np.arange(0, corners.size + 1, corners.shape[1], dtype=np.int32)
    mixer = csr_array((weights.ravel(), place[corners].ravel(), rows), shape=(len(corners), len(needed)))
    mixed = mixer @ np.ascontiguousarray(fetched.T, dtype=np.float64)
    return np.asarray(mixed.astype(fetched.dtype).astype(np.float32))
