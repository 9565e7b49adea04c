"""A case as a reader looks at it: turned to radiologists' directions, on the slices that tell most.

Sagittal with the front of the body on the left; coronal and axial with the patient's right on the left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...imaging import Image, LabelMap, reorient
from .slices import gray_window
from .sliceview import SliceView

VIEW = "LPI"
"""In this orientation every slice, transposed, has its rows from top to bottom and its columns from left to right."""

PLANES = ("sagittal", "coronal", "axial")
"""Name of the plane across axis 0, 1 and 2 of :data:`VIEW`."""

CHANGE_WEIGHT = 4
"""How much more a changed voxel counts than a labelled one in the choice of the slice that is shown."""


class CaseViews:
    """The MRI and its masks before and after, ready to be cut into slices.

    Parameters
    ----------
    image
        The MRI.
    before, after
        Masks on the grid of the image; ``before`` may be None.
    """

    def __init__(self, image: Image, before: LabelMap | None, after: LabelMap) -> None:
        self._image = reorient(image, VIEW)
        self._after = reorient(after, VIEW)
        self._before = (
            reorient(before, VIEW) if before is not None else self._after.with_array(np.zeros_like(self._after.array))
        )
        self._window = gray_window(image.array)

    def best_slice(self, axis: int) -> int:
        """Index of the slice across ``axis`` that shows most of the labels and of what changed."""
        others = tuple(a for a in range(3) if a != axis)
        before, after = self._before.array, self._after.array
        labelled = np.count_nonzero(after, axis=others)
        changed = np.count_nonzero(before != after, axis=others)
        return int(np.argmax(labelled + CHANGE_WEIGHT * changed))

    def slice(self, axis: int, index: int) -> SliceView:
        """Return the slice across ``axis`` at ``index``, cut to its labels with a margin."""
        return self._whole_slice(axis, index).cut_to_labels()

    def sagittal_at(self, position: Sequence[float], radius_mm: float) -> SliceView:
        """Return the part of a sagittal slice around a position (RAS millimetres), the position marked."""
        geometry = self._image.geometry
        voxel = np.clip(geometry.to_index(position), 0, np.array(geometry.shape) - 1)
        across, column, row = (float(v) for v in voxel)
        return self._whole_slice(0, round(across)).cut_around(column, row, radius_mm)

    def _whole_slice(self, axis: int, index: int) -> SliceView:
        column_axis, row_axis = (a for a in range(3) if a != axis)
        spacing = self._image.geometry.spacing
        image, before, after = (
            volume.array.take(index, axis=axis).T for volume in (self._image, self._before, self._after)
        )
        pixel = spacing[column_axis], spacing[row_axis]
        return SliceView(image, before, after, pixel, self._window, self._before.scheme, self._after.scheme)
