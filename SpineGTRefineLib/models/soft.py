"""What a network says beyond its labels: how likely each class is, how sure it is, whether a mirror changes its mind.

Doubt is computed on the model's grid and only then brought to the image's: one number per voxel travels, not all
classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .checkpoint import import_torch
from .resampling import Axis, interpolate, slabs

VALUES_AT_ONCE = 2**22
"""Logits that are worked on together; bounds the memory beside the result."""


def likelihoods(logits: Any, *, regions: bool) -> Any:
    """Return probabilities from logits (channels, ...): of classes that exclude each other, or of each region."""
    torch = import_torch()
    return torch.sigmoid(logits.float()) if regions else torch.softmax(logits.float(), 0)


def entropy(logits: Any, *, regions: bool) -> Any:
    """Return how unsure a network is.

    Parameters
    ----------
    logits
        Tensor (channels, ...).
    regions
        Whether the channels are regions, each inside or outside, and not classes that exclude each other.

    Returns
    -------
    torch.Tensor
        float32 (...), 0 (sure) to 1 (no idea): the entropy of the classes relative to its largest value; the largest
        of the regions' entropies in bits.
    """
    torch = import_torch()
    flat = logits.reshape(len(logits), -1)
    result = torch.empty(flat.shape[1], dtype=torch.float32, device=logits.device)
    portion = max(1, VALUES_AT_ONCE // len(logits))
    for start in range(0, len(result), portion):
        p = likelihoods(flat[:, start : start + portion], regions=regions)
        if regions:
            values = (torch.special.entr(p) + torch.special.entr(1 - p)).amax(0) / np.log(2)
        else:
            values = torch.special.entr(p).sum(0) / np.log(len(logits))
        result[start : start + portion] = values.clamp_(0, 1)
    return result.reshape(logits.shape[1:])


def distance(one: Any, other: Any, *, regions: bool) -> Any:
    """Return how far two opinions are apart.

    Parameters
    ----------
    one, other
        Logits (channels, ...).
    regions
        See :func:`entropy`.

    Returns
    -------
    torch.Tensor
        float32 (...), 0 (the same probabilities) to 1 (each is sure of something else): half the sum over the classes
        of how much their probabilities differ (the total variation distance); the largest difference of a region.
    """
    apart = (likelihoods(one, regions=regions) - likelihoods(other, regions=regions)).abs_()
    return apart.amax(0) if regions else apart.sum(0) / 2


def write_map(values: np.ndarray, axes: Sequence[Axis], target: np.ndarray) -> None:
    """Interpolate one map (x, y, z) into ``target``."""
    for slab in slabs(axes, VALUES_AT_ONCE):
        target[slab.target] = interpolate(values[slab.source], slab.axes)


def write_likelihoods(logits: Any, axes: Sequence[Axis], target: np.ndarray, *, regions: bool) -> None:
    """Interpolate logits and write the probabilities, as nnU-Net does.

    Parameters
    ----------
    logits
        Tensor (channels, x, y, z), on any device. Not changed.
    axes
        From the grid of ``logits`` to that of ``target``.
    target
        float32 array (channels, x, y, z), filled by slabs.
    regions
        See :func:`entropy`.
    """
    torch = import_torch()
    for slab in slabs(axes, VALUES_AT_ONCE // len(logits)):
        mixed = torch.from_numpy(interpolate(logits[:, slab.source].float().cpu().numpy(), slab.axes))
        # nnU-Net keeps the interpolated logits in the type of the logits.
        target[:, slab.target] = likelihoods(mixed.to(logits.dtype), regions=regions).numpy()
