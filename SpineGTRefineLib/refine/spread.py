"""Growing of seeds inside a mask: each voxel goes to the seed that is the fewest steps away without leaving it."""

from __future__ import annotations

import numpy as np


def spread(seeds: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Give each voxel of a mask the label of the seed that reaches it first through the mask, face by face.

    So a spinous process goes to the vertebra that it hangs on, although the body of another one is nearer.

    Parameters
    ----------
    seeds
        Integer array, three axes; 0 is no seed.
    mask
        Boolean array of the same shape.

    Returns
    -------
    array
        Like ``seeds``; voxels of the mask that no seed reaches stay 0. Of two that arrive together the lower label
        wins. Every voxel is visited once.
    """
    padded = np.zeros(tuple(n + 2 for n in seeds.shape), dtype=seeds.dtype)
    inner = (slice(1, -1),) * seeds.ndim
    padded[inner] = seeds
    free = np.zeros(padded.shape, dtype=bool)
    free[inner] = mask & (seeds == 0)
    labels, open_ = padded.reshape(-1), free.reshape(-1)
    strides = np.array(padded.strides) // padded.itemsize
    front = np.flatnonzero(labels)
    while front.size:
        targets = np.concatenate([front + step for stride in strides for step in (stride, -stride)])
        values = np.tile(labels[front], 2 * len(strides))
        hit = open_[targets]
        targets, values = targets[hit], values[hit]
        # Highest label first: what a lower one writes afterwards stays.
        order = np.argsort(values, kind="stable")[::-1]
        labels[targets[order]] = values[order]
        front = np.unique(targets)
        open_[front] = False
    return padded[inner].copy()
