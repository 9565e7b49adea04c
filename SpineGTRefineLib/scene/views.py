"""What the slice views show: the image, a second contrast over it, masks filled or as outlines, and which place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from ..imaging import Geometry, LabelMap
from .context import Scene

WINDOW_PERCENTILES = (0.5, 99.5)
"""Intensities between which an image is shown from black to white."""

WINDOW_SAMPLE = 500_000
"""Voxels that are looked at for that; all of them would hold the window up."""


@dataclass(frozen=True)
class SliceOnScreen:
    """A slice of an image that a view shows.

    Parameters
    ----------
    axis, index
        Array axis of the image, and index along it.
    forward
        How the index changes when the view goes on to its next slice: 1 or -1.
    is_under_mouse
        Whether the mouse is in this view.
    """

    axis: int
    index: int
    forward: int
    is_under_mouse: bool = False


def slices_on_screen(scene: Scene, geometry: Geometry) -> tuple[SliceOnScreen, ...]:
    """Return the slice of an image that each view shows.

    Views that show no slice of the image (they stand beside it) are left out.
    """
    under_mouse = view_under_mouse(scene)
    nodes = _nodes(scene, "vtkMRMLSliceNode")
    shown = (_slice_of(node, geometry, is_under_mouse=node is under_mouse) for node in nodes)
    return tuple(found for found in shown if found is not None)


def show_in_slices(scene: Scene, background: Any, foreground: Any = None, opacity: float = 0.5) -> None:
    """Show a volume in all slice views, and (or None) a second one over it."""
    for composite in _nodes(scene, "vtkMRMLSliceCompositeNode"):
        composite.SetBackgroundVolumeID(background.GetID() if background is not None else None)
        composite.SetForegroundVolumeID(foreground.GetID() if foreground is not None else None)
        composite.SetForegroundOpacity(opacity if foreground is not None else 0.0)


def jump_to(scene: Scene, position: Sequence[float]) -> None:
    """Move all slice views to a place, in the middle of each (RAS mm)."""
    node = slicer.vtkMRMLSliceNode
    node.JumpAllSlices(scene.mrml, *(float(x) for x in position), node.CenteredJumpSlice)


def align_slices(scene: Scene, volume: Any) -> None:
    """Turn the slice views to the axes of a volume, so that a flat brush stays in one slice of an oblique scan."""
    for view in _nodes(scene, "vtkMRMLSliceNode"):
        view.RotateToVolumePlane(volume)


def set_window(volume: Any, array: np.ndarray, percentiles: tuple[float, float] = WINDOW_PERCENTILES) -> None:
    """Show a volume from black to white between two percentiles of its voxels."""
    display = volume.GetDisplayNode()
    sample = array.ravel()[:: max(1, array.size // WINDOW_SAMPLE)]
    sample = sample[np.isfinite(sample)]
    low, high = np.percentile(sample, percentiles) if sample.size else (0.0, 1.0)
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(float(low), float(max(high, low + 1e-6)))


def set_outline(segmentation: Any, *, outline: bool) -> None:
    """Show the segments of a segmentation as outlines only, or filled."""
    display = segmentation.GetDisplayNode()
    display.SetVisibility2DFill(not outline)
    display.Visibility2DOutlineOn()


def set_visible(segmentation: Any, *, visible: bool) -> None:
    """Show or hide a segmentation; this never affects what is saved."""
    segmentation.GetDisplayNode().SetVisibility(visible)


def middle_of(geometry: Geometry) -> tuple[float, float, float]:
    """Return the place (RAS mm) of the voxel in the middle of a grid."""
    x, y, z = (float(n) for n in geometry.to_world([n // 2 for n in geometry.shape]))
    return x, y, z


def center_of(labels: LabelMap, value: int) -> tuple[float, float, float] | None:
    """Return the place (RAS mm) of the voxel of a structure that is nearest to its center; None if it is empty."""
    index = np.argwhere(labels.array == value)
    if not len(index):
        return None
    nearest = index[np.argmin(((index - index.mean(axis=0)) ** 2).sum(axis=1))]
    x, y, z = (float(n) for n in labels.geometry.to_world(nearest))
    return x, y, z


def _nodes(scene: Scene, class_name: str) -> list[Any]:
    return [scene.mrml.GetNthNodeByClass(i, class_name) for i in range(scene.mrml.GetNumberOfNodesByClass(class_name))]


def _slice_of(view: Any, geometry: Geometry, *, is_under_mouse: bool) -> SliceOnScreen | None:
    matrix = view.GetSliceToRAS()
    normal, place = ([matrix.GetElement(row, column) for row in range(3)] for column in (2, 3))
    ahead = np.linalg.inv(geometry.affine[:3, :3] / geometry.spacing) @ normal
    axis = int(np.abs(ahead).argmax())
    index = int(np.rint(geometry.to_index(place)[axis]))
    if not 0 <= index < geometry.shape[axis]:
        return None
    return SliceOnScreen(axis, index, 1 if ahead[axis] > 0 else -1, is_under_mouse)


def view_under_mouse(scene: Scene) -> Any:
    """Return the node of the slice view that the mouse is in, or None."""
    crosshair = scene.mrml.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    return crosshair.GetCursorPositionXYZ([0.0, 0.0, 0.0]) if crosshair is not None else None
