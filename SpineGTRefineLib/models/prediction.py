"""What a model says about an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..imaging import LabelMap


@dataclass(frozen=True, eq=False)
class Prediction:
    """The result of running a model on the image or images of one case.

    All arrays lie on the grid of the first image. What was not asked for is None. Outside a region of interest the
    labels are background and nothing is in doubt: nothing was looked at there.

    Parameters
    ----------
    labels
        Values of the model's label scheme.
    channel_names
        Names along the first axis of ``probabilities``: classes with the background first, or regions.
    probabilities
        float32 array (channels, i, j, k). Before post-processing.
    uncertainty
        float32 array (i, j, k), 0 (sure) to 1 (no idea): the entropy of the classes relative to its largest value; for
        regions the largest of their entropies. From the voxels of the model's grid, interpolated. Read it near borders
        (:func:`SpineGTRefineLib.learning.ranking.signals.boundary_findings`): a mean over the image says how large the
        field of view is.
    timings
        Seconds of each stage.
    provenance
        Model, hashes, device, settings and what had to be done differently; plain values that JSON can hold.
    flip_disagreement
        float32 array (i, j, k), 0 (the same probabilities) to 1 (sure of something else): how far the network's opinion
        of the image mirrored from left to right is from that of the image as it is, both of single tiles. None also if
        the network sees slices in which left and right are not to be seen; then a note in the provenance says so.
    """

    labels: LabelMap
    channel_names: tuple[str, ...]
    probabilities: np.ndarray | None
    uncertainty: np.ndarray | None
    timings: Mapping[str, float]
    provenance: Mapping[str, object]
    flip_disagreement: np.ndarray | None = None
