"""From the layers of a segmentation to one array on the grid of the file."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import slicer
import vtk

from ..errors import GeometryError, LabelError
from ..imaging import Geometry, LabelMap
from .grids import GridMap, affine_of, array_of


def merge_layers(node: Any, values: dict[str, int], like: LabelMap, *, as_far_as_possible: bool = False) -> np.ndarray:
    """Merge all segments of a node, visible or not.

    Parameters
    ----------
    node
        ``vtkMRMLSegmentationNode``.
    values
        Label of each of its segment ids.
    like
        Label map that gives the grid and the number type of the result (widened if a label does not fit).
    as_far_as_possible
        Leave out voxels outside the grid, and give voxels of two segments to one of them, instead of raising.

    Returns
    -------
    numpy.ndarray
        Integers, axes i, j, k of the grid of ``like``.

    Raises
    ------
    LabelError
        Two segments overlap, or the segmentation no longer consists of voxels.
    GeometryError
        Voxels lie outside the grid or on another grid, or the node is moved by a transform.
    """
    _check_editable(node)
    dtype = np.promote_types(like.array.dtype, np.min_scalar_type(max(values.values(), default=0)))
    merged = np.zeros(like.geometry.shape, dtype=dtype)
    for layer, segment_ids in layers_of(node, values):
        table = {_segment(node, segment_id).GetLabelValue(): values[segment_id] for segment_id in segment_ids}
        _paste(merged, layer, table, like, strictly=not as_far_as_possible)
    return merged


def _check_editable(node: Any) -> None:
    if node.GetTransformNodeID():
        raise GeometryError(
            f"The segmentation {node.GetName()!r} is moved by a transform.",
            "Take it out of the transform; masks are saved where the image is.",
        )
    if node.GetSegmentation().GetNumberOfSegments() and not node.GetSegmentation().IsSourceRepresentationImageData():
        raise LabelError(
            f"The segmentation {node.GetName()!r} no longer consists of voxels.",
            "Make 'Binary labelmap' its source representation again (module Segmentations).",
        )


def layers_of(node: Any, values: dict[str, int]) -> list[tuple[Any, list[str]]]:
    """Return each layer that holds voxels, with the ids of the segments in it."""
    name = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
    members: dict[int, list[str]] = defaultdict(list)
    images: dict[int, Any] = {}
    for segment_id in values:
        image = _segment(node, segment_id).GetRepresentation(name)
        if image is None or image.IsEmpty():
            continue
        key = id(image)
        images[key] = image
        members[key].append(segment_id)
    return [(images[key], members[key]) for key in images]


def _segment(node: Any, segment_id: str) -> Any:
    return node.GetSegmentation().GetSegment(segment_id)


def _paste(merged: np.ndarray, layer: Any, table: dict[int, int], like: LabelMap, *, strictly: bool) -> None:
    view, start = GridMap.between(geometry_of(layer), like.geometry.affine).apply(array_of(layer))
    # Slicer's tools may leave a layer of signed or even of real numbers.
    stored = view if np.issubdtype(view.dtype, np.unsignedinteger) else np.maximum(view, 0).astype(np.uint16)
    # Values that belong to no segment stay 0: leftovers of removed segments, which nobody sees.
    lookup = np.zeros(int(stored.max()) + 1, dtype=merged.dtype)
    for own_value, label in table.items():
        if 0 < own_value < lookup.size:
            lookup[own_value] = label
    labels = lookup[stored]

    here, there = common_box(labels.shape, start, merged.shape)
    outside = int(np.count_nonzero(labels)) - int(np.count_nonzero(labels[here]))
    if outside and strictly:
        raise GeometryError(
            f"{outside} voxels were drawn outside the image; they cannot be saved.",
            "Undo, or erase what lies outside, then save again.",
        )
    if strictly:
        _refuse_overlap(merged[there], labels[here], like)
    np.copyto(merged[there], labels[here], where=labels[here] != 0)


def common_box(
    shape: tuple[int, ...], start: tuple[int, ...], whole: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the part of a box at ``start`` that lies in a grid, as slices of the box and as slices of the grid."""
    first = [max(s, 0) for s in start]
    last = [max(f, min(s + n, w)) for f, s, n, w in zip(first, start, shape, whole, strict=True)]
    here = tuple(slice(f - s, e - s) for f, e, s in zip(first, last, start, strict=True))
    return here, tuple(slice(f, e) for f, e in zip(first, last, strict=True))


def geometry_of(layer: Any) -> Geometry:
    """Return the grid of a layer, which may be a part of the image's, or larger."""
    matrix = vtk.vtkMatrix4x4()
    layer.GetImageToWorldMatrix(matrix)
    whole = Geometry(layer.GetDimensions(), affine_of(matrix))
    first, _, second, _, third, _ = layer.GetExtent()
    return whole.with_shape_and_origin(whole.shape, (first, second, third))


def _refuse_overlap(before: np.ndarray, after: np.ndarray, like: LabelMap) -> None:
    taken = (before != 0) & (after != 0)
    if not taken.any():
        return
    pairs, counts = np.unique(np.stack([before[taken], after[taken]]), axis=1, return_counts=True)
    names = [like.scheme[v].name if v in like.scheme else str(v) for v in pairs[:, counts.argmax()].tolist()]
    raise LabelError(
        f"{int(taken.sum())} voxels belong to two structures, most of them to {names[0]} and {names[1]}.",
        "One mask file holds one label per voxel: subtract one segment from the other (Logical operators).",
    )
