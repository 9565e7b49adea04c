"""Whether two vertebra instances are two vertebrae: a disc lies between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..imaging import LabelMap
from .instances import Instance, grow, union
from .nearest import margin_voxels

TOUCH_MM = 3.0
"""A disc touches what is at most this far away (an endplate may lie in between)."""

TOUCH_PART = 0.1
"""A disc lies between two vertebrae if at least this part of its voxels touches each of them."""


class DiscsBetween:
    """Answers ``are_separate(first, second)`` for vertebra instances of one mask; looks at voxels only when asked."""

    def __init__(self, labels: LabelMap, instances: Sequence[Instance]) -> None:
        self._labels = labels
        self._discs = [instance.value for instance in instances if instance.kind == "disc"]

    def __call__(self, first: Instance, second: Instance) -> bool:
        """Whether a disc instance touches both."""
        geometry = self._labels.geometry
        margin = margin_voxels(geometry, TOUCH_MM)
        box = grow(union(first.box, second.box), margin, geometry.shape)
        crop = self._labels.array[box]
        discs = np.where(np.isin(crop, self._discs), crop, 0)
        if not discs.any():
            return False
        touching = [self._touched(discs, crop == instance.value) for instance in (first, second)]
        return bool((touching[0] & touching[1]).any())

    def _touched(self, discs: np.ndarray, vertebra: np.ndarray) -> np.ndarray:
        """For each disc value, whether enough of it lies close to the vertebra."""
        distance = ndimage.distance_transform_edt(~vertebra, sampling=self._labels.geometry.spacing)
        near = np.bincount(discs[distance <= TOUCH_MM], minlength=int(discs.max()) + 1)
        size = np.bincount(discs.ravel(), minlength=int(discs.max()) + 1)
        near[0] = 0
        return np.asarray((near > 0) & (near >= TOUCH_PART * size))
