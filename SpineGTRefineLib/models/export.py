"""Bring a network's output to the image's grid without ever holding all classes there.

Linear interpolation mixes the values of the surrounding voxels of the model's grid. Where those agree on a label, every
mixture has that label too, so it is known without mixing; only the few voxels at borders are interpolated. The result
is that of nnU-Net's own export, which interpolates every class everywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checkpoint import import_torch

VALUES_AT_ONCE = {"cpu": 2**15}
"""Logits that are interpolated together, by kind of device: on a CPU so few that they stay in its cache and PyTorch
does not split them among threads, which would wait for each other more than they work."""

VALUES_ON_OTHERS = 2**24
"""The same for a GPU: about 400 MB while it works."""

VOXELS_AT_ONCE = 2**22
"""Voxels of one slab."""

Decide = Callable[[Any], Any]
"""Labels from logits (classes, ...): nnU-Net's arg-max, or its painting of regions one over another."""


@dataclass(frozen=True, eq=False)
class Axis:
    """How the voxels along one axis of the target are mixed from the source.

    Parameters
    ----------
    lower, upper
        Indices of the two source voxels around each target voxel; equal where nothing is mixed.
    weight
        Part of the upper one.
    """

    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray

    @classmethod
    def linear(cls, source: int, target: int) -> Axis:
        """Interpolate between voxel centers; beyond the outermost centers the border is repeated."""
        place = np.clip((np.arange(target) + 0.5) * (source / target) - 0.5, 0, source - 1)
        lower = np.floor(place).astype(np.int64)
        return cls(lower, np.minimum(lower + 1, source - 1), place - lower)

    @classmethod
    def nearest(cls, source: int, target: int) -> Axis:
        """Take the nearest voxel center, of two equally near ones the upper."""
        place = (source / target) * (np.arange(target) + 0.5) - 0.5
        index = np.clip(np.floor(place + 0.5), 0, source - 1).astype(np.int64)
        return cls(index, index, np.zeros(target))


def resampling_axes(source: Sequence[int], target: Sequence[int], separate: int | None) -> tuple[Axis, ...]:
    """Return how each axis is mixed; along ``separate``, thick slices are taken as they are."""
    return tuple(
        (Axis.nearest if number == separate else Axis.linear)(before, after)
        for number, (before, after) in enumerate(zip(source, target, strict=True))
    )


def strongest_class(logits: Any) -> Any:
    """Return the class with the largest logit (classes, ...), of equal ones the first."""
    torch = import_torch()
    best = logits[0].clone()
    labels = torch.zeros(best.shape, dtype=torch.int16, device=best.device)
    for number in range(1, len(logits)):
        higher = logits[number] > best
        labels.masked_fill_(higher, number)
        torch.maximum(best, logits[number], out=best)
    return labels


def painted_regions(order: Sequence[int]) -> Decide:
    """Return what paints regions one over another: each value of ``order`` where its region is more likely than not."""
    torch = import_torch()

    def paint(logits: Any) -> Any:
        labels = torch.zeros(logits.shape[1:], dtype=torch.int16, device=logits.device)
        for region, value in zip(logits, order, strict=True):
            labels.masked_fill_(torch.sigmoid(region) > 0.5, int(value))
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
        Gives the labels of logits.
    table
        Value to write for each label.
    target
        Array of the target's shape, filled by slabs along its first axis.
    """
    torch = import_torch()
    codes = _codes(torch, logits, axes, decide, len(table))
    rows = max(1, VOXELS_AT_ONCE // max(1, target.shape[1] * target.shape[2]))
    values = np.append(table, table[:1])
    points_at_once = max(1, VALUES_AT_ONCE.get(logits.device.type, VALUES_ON_OTHERS) // len(logits))
    for start in range(0, target.shape[0], rows):
        slab = (Axis(*(part[start : start + rows] for part in _parts(axes[0]))), *axes[1:])
        labels = codes
        for number, axis in enumerate(slab):
            labels = labels.index_select(number, _on(torch, axis.lower, labels))
        flat = labels.reshape(-1)
        border = torch.nonzero(flat == len(table))[:, 0]
        for points in border.split(points_at_once):
            mixed = _interpolate(torch, logits, slab, points, tuple(labels.shape))
            flat[points] = decide(mixed[:, :, None, None]).reshape(-1).to(flat.dtype)
        target[start : start + rows] = values[labels.cpu().numpy()]


def _codes(torch: Any, logits: Any, axes: Sequence[Axis], decide: Decide, unknown: int) -> Any:
    """Label of each cell of the model's grid (a voxel and its upper neighbors); ``unknown`` where these disagree."""
    labels = torch.empty(logits.shape[1:], dtype=torch.int16, device=logits.device)
    rows = max(1, VOXELS_AT_ONCE // max(1, logits[:, 0].numel()))
    for start in range(0, labels.shape[0], rows):
        labels[start : start + rows] = decide(logits[:, start : start + rows].float()).to(labels.dtype)
    codes = labels.clone()
    for number, axis in enumerate(axes):
        if np.array_equal(axis.lower, axis.upper):
            continue
        length = labels.shape[number] - 1
        here, above = codes.narrow(number, 0, length), codes.narrow(number, 1, length)
        here.copy_(torch.where(here == above, here, unknown))
    return codes


def _interpolate(torch: Any, logits: Any, axes: Sequence[Axis], points: Any, shape: tuple[int, ...]) -> Any:
    """Logits (classes, points) at flat indices into a slab, rounded to the type of the logits as nnU-Net rounds."""
    exact = torch.float32 if logits.device.type == "mps" else torch.float64
    indices = (points // (shape[1] * shape[2]), points // shape[2] % shape[1], points % shape[2])
    sides = []
    for axis, index in zip(axes, indices, strict=True):
        lower, upper, weight = (_on(torch, part, logits)[index] for part in _parts(axis))
        sides.append(((lower, 1 - weight.to(exact)), (upper, weight.to(exact))))
    _, height, depth = logits.shape[1:]
    flat = logits.reshape(logits.shape[0], -1)
    mixed = torch.zeros((logits.shape[0], len(points)), dtype=exact, device=logits.device)
    for (x, part_x), (y, part_y), (z, part_z) in itertools.product(*sides):
        mixed += flat[:, (x * height + y) * depth + z].to(exact) * (part_x * part_y * part_z)
    return mixed.to(logits.dtype).float()


def _parts(axis: Axis) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return axis.lower, axis.upper, axis.weight


def _on(torch: Any, array: np.ndarray, like: Any) -> Any:
    if like.device.type == "mps":
        array = array.astype(np.float32) if array.dtype == np.float64 else array
    return torch.from_numpy(array).to(like.device)
