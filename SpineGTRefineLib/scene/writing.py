"""Other voxels for a segmentation that is on the screen: an act, an undo step."""

from __future__ import annotations

import slicer

from ..imaging import LabelMap
from .labels import LabelSegmentation, layer_of


def write_voxels(segmentation: LabelSegmentation, labels: LabelMap) -> None:
    """Make the voxels of a segmentation those of a label map on the same grid, in one layer that all segments share.

    Structures that have no segment yet get one; segments of structures that are gone stay, empty. Surfaces are made
    anew where they are shown.
    """
    for value in labels.values():
        segmentation.add_segment(value)
    layer = layer_of(labels, segmentation.grid)
    node, converter = segmentation.node.GetSegmentation(), slicer.vtkSegmentationConverter
    for segment_id, value in segmentation.values.items():
        segment = node.GetSegment(segment_id)
        if segment is not None:
            segment.SetLabelValue(value)
            segment.AddRepresentation(converter.GetBinaryLabelmapRepresentationName(), layer)
    surface = converter.GetClosedSurfaceRepresentationName()
    if node.ContainsRepresentation(surface):
        node.CreateRepresentation(surface, True)  # noqa: FBT003
    node.InvokeEvent(slicer.vtkSegmentation.SourceRepresentationModified)
