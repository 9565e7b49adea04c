"""One slice of a case: the MRI, the labels before and after, and what changed between them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...anatomy import LabelScheme
from .shapes import CHANGES, Shape, change_shape, label_shape
from .slices import Slice, gray_slice

MARGIN_MM = 12.0
"""How much of the surroundings of the labels is shown."""


@dataclass(frozen=True, eq=False)
class SliceView:
    """Two-dimensional arrays (rows, columns) of one slice.

    Parameters
    ----------
    image, before, after
        Intensities and label values.
    pixel
        Width and height of a pixel in millimetres.
    window
        Intensities shown as black and as white.
    before_scheme, after_scheme
        The meaning of the label values.
    mark
        Column and row of a place to point at, in pixels, or None.
    """

    image: np.ndarray
    before: np.ndarray
    after: np.ndarray
    pixel: tuple[float, float]
    window: tuple[float, float]
    before_scheme: LabelScheme
    after_scheme: LabelScheme
    mark: tuple[float, float] | None = None

    def cut_to_labels(self) -> SliceView:
        """Return the part that holds labels, with a margin; the whole slice where there are none."""
        rows, columns = np.nonzero((self.before != 0) | (self.after != 0))
        if rows.size == 0:
            return self
        return self._cut((columns.min(), rows.min()), (columns.max(), rows.max()), MARGIN_MM)

    def cut_around(self, column: float, row: float, radius_mm: float) -> SliceView:
        """Return the surroundings of a place, with a mark on it."""
        marked = replace(self, mark=(column + 0.5, row + 0.5))
        return marked._cut((column, row), (column, row), radius_mm)

    def ground(self) -> Slice:
        """Return the MRI."""
        return gray_slice(self.image, self.window, self.pixel)

    def labels_before(self) -> tuple[Shape, ...]:
        """Return outlines of the labels as they were."""
        return _label_shapes(self.before, self.before_scheme)

    def labels_after(self) -> tuple[Shape, ...]:
        """Return outlines of the labels as they are now."""
        return _label_shapes(self.after, self.after_scheme)

    def changes(self) -> tuple[Shape, ...]:
        """Return outlines of what was added, removed and renamed."""
        was, is_now = self.before != 0, self.after != 0
        masks = (is_now & ~was, was & ~is_now, was & is_now & (self.before != self.after))
        return tuple(change_shape(mask, change) for mask, change in zip(masks, CHANGES, strict=True) if mask.any())

    def _cut(self, low: tuple[float, float], high: tuple[float, float], margin_mm: float) -> SliceView:
        left, top = (max(int(a - margin_mm / size), 0) for a, size in zip(low, self.pixel, strict=True))
        right, bottom = (int(b + margin_mm / size) + 1 for b, size in zip(high, self.pixel, strict=True))
        window = slice(top, bottom), slice(left, right)
        mark = (self.mark[0] - left, self.mark[1] - top) if self.mark is not None else None
        return replace(self, image=self.image[window], before=self.before[window], after=self.after[window], mark=mark)


def _label_shapes(pixels: np.ndarray, scheme: LabelScheme) -> tuple[Shape, ...]:
    return tuple(label_shape(pixels == value, scheme, int(value)) for value in np.unique(pixels[pixels != 0]))
