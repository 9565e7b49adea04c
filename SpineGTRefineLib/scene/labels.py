"""Label maps as segmentations, and edited segmentations back as label maps, exact to the last voxel.

Slicer identifies segments by an id, shows them by a name, and stores them in layers under label values of its own,
which it renumbers at will. So the meaning of a segment is kept here, in a table from segment id to label, and as the
tag ``LabelValue`` on the segment, which survives saved scenes. Visibility, names, order and Slicer's own values play
no part.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import slicer

from ..anatomy import LabelEntry, LabelScheme
from ..errors import LabelError
from ..imaging import Geometry, LabelMap, reorient_to_grid
from .context import Scene
from .grids import fill_image, matrix_of, right_handed
from .layers import merge_layers
from .segments import head_to_tail, new_segment, tagged_label

LARGEST_LABEL = 65535
"""Slicer's layers hold 16 bits."""


@dataclass(eq=False)
class LabelSegmentation:
    """A label map under edit.

    Parameters
    ----------
    node
        The ``vtkMRMLSegmentationNode``.
    original
        The label map on disk that the edits start from: the one that it was made from, after a save the saved one.
        Edited maps get its grid, scheme, number type and source.
    grid
        Grid of the image that it belongs to.
    values
        Label of each segment id.
    """

    node: Any
    original: LabelMap
    grid: Geometry
    values: dict[str, int] = field(default_factory=dict)

    @classmethod
    def create(cls, scene: Scene, labels: LabelMap, name: str, grid: Geometry | None = None) -> LabelSegmentation:
        """Add a segmentation with one segment for each label present, all in one shared layer.

        Parameters
        ----------
        scene
            Where to add it.
        labels
            The label map. Values that its scheme does not know get a grey segment, so that they can be seen.
        name
            The node's name.
        grid
            Grid of the image that it belongs to; editing happens on exactly this grid. Default: the map's own.

        Raises
        ------
        LabelError
            A label is negative or above 65535.
        GeometryError
            The map does not lie on the image's grid.
        """
        values = _checked_values(labels)
        grid = grid or labels.geometry
        layer = layer_of(labels, grid)
        node = scene.new_node("vtkMRMLSegmentationNode", name)
        node.CreateDefaultDisplayNodes()
        node.SetSourceRepresentationToBinaryLabelmap()
        _set_reference_geometry(node, layer)
        result = cls(node, labels, grid)
        for value in head_to_tail(values, labels.scheme):
            result._add(value, layer)
        return result

    def labels(self) -> LabelMap:
        """Return the label map as it is now.

        Raises
        ------
        LabelError
            A segment was removed or added by other means than :meth:`add_segment`, or two segments overlap.
        GeometryError
            Voxels were drawn outside the image, or a segment was moved to another grid.
        """
        array = merge_layers(self.node, self._current_values(), self.original)
        return self.original.with_array(array)

    def rescued(self) -> LabelMap:
        """Return what of the segmentation makes a label map, for a draft.

        Left out are segments whose label is not known and voxels outside the image; where segments overlap, one of them
        has the voxel.
        """
        segmentation = self.node.GetSegmentation()
        values = {}
        for segment_id in segmentation.GetSegmentIDs():
            with suppress(LabelError):
                values[segment_id] = self._value_of(segment_id, segmentation.GetSegment(segment_id))
        return self.original.with_array(merge_layers(self.node, values, self.original, as_far_as_possible=True))

    def add_segment(self, value: int) -> str:
        """Add an empty segment for a label of the scheme (or find the one there is) and return its id."""
        entry = self.original.scheme[value]
        for segment_id, known in list(self.values.items()):
            if known == entry.value:
                if self.node.GetSegmentation().GetSegment(segment_id) is not None:
                    return segment_id
                del self.values[segment_id]
        return self._add(entry.value, None)

    def segment_id(self, value: int) -> str:
        """Return the id of the segment of a label.

        Raises
        ------
        LabelError
            The label has no segment.
        """
        for segment_id, known in self.values.items():
            if known == value:
                return segment_id
        raise LabelError(f"The label {value} has no segment.", "Add the structure first.")

    def key_of(self, segment_id: str) -> str:
        """Return the key of the structure that a segment stands for; "" where the scheme knows none."""
        value, scheme = self.values.get(segment_id), self.original.scheme
        return scheme[value].structure.key if value is not None and value in scheme else ""

    def _add(self, value: int, layer: Any) -> str:
        entry = _entry(self.original.scheme, value)
        wanted = entry.structure.key if entry else f"value_{value}"
        segment_id: str = self.node.GetSegmentation().GenerateUniqueSegmentID(wanted)
        self.node.GetSegmentation().AddSegment(new_segment(value, entry, layer), segment_id)
        self.values[segment_id] = value
        return segment_id

    def _current_values(self) -> dict[str, int]:
        segmentation = self.node.GetSegmentation()
        present = list(segmentation.GetSegmentIDs())
        gone = {value for segment_id, value in self.values.items() if segment_id not in present}
        # A structure that was added here and is gone again was undone; one of the original mask would be lost.
        removed = gone and sorted(gone & set(self.original.values()))
        if removed:
            raise LabelError(
                f"Segments were removed: {', '.join(self._name(v) for v in removed)}.",
                "Undo the removal. To empty a structure erase its voxels; its segment stays.",
            )
        values = {segment_id: self._value_of(segment_id, segmentation.GetSegment(segment_id)) for segment_id in present}
        twice = [value for value, count in Counter(values.values()).items() if count > 1]
        if twice:
            raise LabelError(
                f"Several segments stand for the same structure: {', '.join(self._name(v) for v in twice)}.",
                "Move the voxels into one of them (Logical operators: Add) and remove the other.",
            )
        return values

    def _value_of(self, segment_id: str, segment: Any) -> int:
        if segment_id in self.values:
            return self.values[segment_id]
        value = tagged_label(segment)
        if value is not None and value in self.original.scheme:
            return value
        raise LabelError(
            f"The segment {segment.GetName()!r} was added freely, so its label is not known.",
            "Add structures by their label (LabelSegmentation.add_segment), move the voxels there, remove this one.",
        )

    def _name(self, value: int) -> str:
        entry = _entry(self.original.scheme, value)
        return f"{entry.name} ({value})" if entry else str(value)


def layer_of(labels: LabelMap, grid: Geometry) -> Any:
    """Return the voxels of a label map as a ``vtkOrientedImageData`` on a grid of the same voxels."""
    geometry = right_handed(grid)
    array = reorient_to_grid(labels, geometry).array
    layer = slicer.vtkOrientedImageData()
    fill_image(layer, array.astype(np.uint8 if int(array.max(initial=0)) <= 255 else np.uint16))
    layer.SetImageToWorldMatrix(matrix_of(geometry.affine))
    return layer


def _checked_values(labels: LabelMap) -> tuple[int, ...]:
    values = labels.values()
    refused = [value for value in values if not 0 < value <= LARGEST_LABEL]
    if refused:
        raise LabelError(
            f"Labels must lie between 1 and {LARGEST_LABEL} to be edited; found {refused[:5]}.",
            "Convert the mask to a label scheme first.",
        )
    return values


def _set_reference_geometry(node: Any, layer: Any) -> None:
    converter = slicer.vtkSegmentationConverter
    node.GetSegmentation().SetConversionParameter(
        converter.GetReferenceImageGeometryParameterName(), converter.SerializeImageGeometry(layer)
    )


def _entry(scheme: LabelScheme, value: int) -> LabelEntry | None:
    if value not in scheme:
        return None
    return scheme[value]
