"""Voxels drawn beyond the image's edges: counted, so that the rater can be asked, and erased only when told to.

Slicer's tools may draw outside the image; a mask file has no room for it. Nothing is cropped silently.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import slicer

from .grids import GridMap, array_of
from .labels import LabelSegmentation
from .layers import common_box, geometry_of, layers_of


def voxels_outside(segmentation: LabelSegmentation) -> dict[str, int]:
    """Count the voxels outside the image, by name of the segment; empty if there are none."""
    found = {}
    node = segmentation.node.GetSegmentation()
    for array, here, segment_ids in _placed(segmentation):
        for segment_id in segment_ids:
            segment = node.GetSegment(segment_id)
            own = array == segment.GetLabelValue()
            outside = int(np.count_nonzero(own)) - int(np.count_nonzero(own[here]))
            if outside:
                found[str(segment.GetName())] = outside
    return found


def erase_outside(segmentation: LabelSegmentation) -> None:
    """Make all voxels outside the image background. Keep a state for undo first."""
    for array, here, _ in _placed(segmentation):
        inside = array[here].copy()
        array[...] = 0
        array[here] = inside
    for layer, _ in layers_of(segmentation.node, _ids(segmentation)):
        layer.Modified()
    segmentation.node.GetSegmentation().InvokeEvent(slicer.vtkSegmentation.SourceRepresentationModified)


def _placed(segmentation: LabelSegmentation) -> Iterator[tuple[np.ndarray, tuple[slice, ...], list[str]]]:
    """Yield each layer's voxels in the image's axes (a view), which of them lie in the image, and its segments."""
    grid = segmentation.original.geometry
    for layer, segment_ids in layers_of(segmentation.node, _ids(segmentation)):
        array, start = GridMap.between(geometry_of(layer), grid.affine).apply(array_of(layer))
        here, _ = common_box(array.shape, start, grid.shape)
        yield array, here, segment_ids


def _ids(segmentation: LabelSegmentation) -> dict[str, int]:
    present = segmentation.node.GetSegmentation().GetSegmentIDs()
    return dict.fromkeys(present, 0)
