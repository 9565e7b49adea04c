"""What a model says about an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..imaging import LabelMap


@dataclass(frozen=True, eq=False)
class Prediction:
    """The result of running a model on the image or images of one case.

    Parameters
    ----------
    labels
        On the grid of the first image, values of the model's label scheme.
    channel_names
        Names along the first axis of ``probabilities``: classes with the background first, or regions.
    probabilities
        float32 array (channels, i, j, k) on the same grid, or None if not asked for. Before post-processing.
    uncertainty
        float32 array (i, j, k), 0 (sure) to 1 (no idea), or None if not asked for: the entropy of the classes relative
        to its largest value; for regions the largest of their entropies.
    timings
        Seconds of each stage.
    provenance
        Model, hashes, device, settings and what had to be done differently; plain values that JSON can hold.
    """

    labels: LabelMap
    channel_names: tuple[str, ...]
    probabilities: np.ndarray | None
    uncertainty: np.ndarray | None
    timings: Mapping[str, float]
    provenance: Mapping[str, object]


def entropy_of_classes(probabilities: np.ndarray) -> np.ndarray:
    """Entropy along the first axis relative to its largest value, for classes that exclude each other."""
    entropy = _plogp(probabilities).sum(axis=0) / np.log(probabilities.shape[0])
    return np.asarray(entropy, dtype=np.float32)


def entropy_of_regions(probabilities: np.ndarray) -> np.ndarray:
    """Largest entropy of the regions of the first axis, each inside or outside, relative to one bit."""
    entropies = (_plogp(probabilities) + _plogp(1 - probabilities)) / np.log(2)
    return np.asarray(entropies.max(axis=0), dtype=np.float32)


def _plogp(p: np.ndarray) -> np.ndarray:
    return np.asarray(-p * np.log(np.clip(p, np.finfo(np.float32).tiny, 1)))
