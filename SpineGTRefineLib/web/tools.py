"""trame-slicer's tools under the names of the page, with their settings in mm."""

from __future__ import annotations

from typing import Any

from trame_slicer.core.segmentation_editor import SegmentationEditor
from trame_slicer.segmentation import (
    BrushDiameterMode,
    ScissorsEffectFillMode,
    SegmentationEditableAreaMode,
    SegmentationEffectDraw,
    SegmentationEffectErase,
    SegmentationEffectIslands,
    SegmentationEffectNoTool,
    SegmentationEffectPaint,
    SegmentationEffectScissors,
    SegmentationEffectSmoothing,
    SegmentationEffectThreshold,
    SegmentationIslandsMode,
)
from trame_slicer.segmentation.segmentation_effect_smoothing import SmoothingEffectMode

EFFECTS: dict[str, type] = {
    "none": SegmentationEffectNoTool,
    "paint": SegmentationEffectPaint,
    "erase": SegmentationEffectErase,
    "draw": SegmentationEffectDraw,
    "scissors": SegmentationEffectScissors,
    "threshold": SegmentationEffectThreshold,
    "islands": SegmentationEffectIslands,
    "smoothing": SegmentationEffectSmoothing,
}
SMOOTHINGS = {"median": "MEDIAN", "opening": "OPENING", "closing": "CLOSING", "gaussian": "GAUSSIAN"}
SCISSORS = {"erase inside": "ERASE_INSIDE", "erase outside": "ERASE_OUTSIDE", "fill inside": "FILL_INSIDE"}
AREAS = {
    "everywhere": "EVERYWHERE",
    "empty voxels only": "OUTSIDE_ALL_SEGMENTS",
    "inside structures": "INSIDE_ALL_SEGMENTS",
    "inside shown structures": "INSIDE_ALL_VISIBLE_SEGMENTS",
}
"""Where tools may change voxels."""


class Tools:
    """The tool in hand and its settings.

    Parameters
    ----------
    editor
        trame-slicer's editor.
    """

    def __init__(self, editor: SegmentationEditor) -> None:
        self.editor = editor
        self.name = "none"

    def use(self, name: str) -> None:
        """Take a tool into the hand; ``none`` lets the mouse scroll and pan."""
        self.editor.set_active_effect_type(EFFECTS[name])
        self.name = name

    def set_brush(self, diameter_mm: float, *, sphere: bool) -> None:
        """Set the brush of paint and erase: a disc in the slice, or a ball."""
        for kind in (SegmentationEffectPaint, SegmentationEffectErase):
            effect = self.editor.get_effect(kind)
            effect.set_brush_diameter(float(diameter_mm), BrushDiameterMode.Absolute)
            effect.set_use_sphere_brush(sphere)

    def set_area(self, name: str) -> None:
        """Say where tools may change voxels (see :data:`AREAS`)."""
        self.editor.set_editable_area(SegmentationEditableAreaMode[AREAS[name]])

    def set_scissors(self, name: str) -> None:
        """Say what scissors do (see :data:`SCISSORS`)."""
        self.editor.get_effect(SegmentationEffectScissors).set_fill_mode(ScissorsEffectFillMode[SCISSORS[name]])

    def set_threshold(self, low: float, high: float) -> None:
        """Set the intensities that the threshold takes."""
        parameters: Any = self.editor.get_effect(SegmentationEffectThreshold).get_param_proxy()
        parameters.min_value, parameters.max_value = float(low), float(high)

    def set_range(self, low: float, high: float, *, on: bool) -> None:
        """Let tools change only voxels whose intensity is in a range."""
        modifier = self.editor.active_segment_modifier
        if modifier is not None:
            modifier.set_source_volume_intensity_mask_range(float(low), float(high))
            modifier.set_source_volume_intensity_mask_enabled(on)

    def apply_threshold(self) -> None:
        """Give the voxels within the threshold to the selected structure."""
        self.editor.get_effect(SegmentationEffectThreshold).apply()

    def remove_small_islands(self, voxels: int) -> None:
        """Erase pieces of the selected structure that are smaller than this."""
        effect = self.editor.get_effect(SegmentationEffectIslands)
        effect.set_minimum_island_size(int(voxels))
        effect.apply(SegmentationIslandsMode.REMOVE_SMALL_ISLANDS)

    def smooth(self, method: str, size_mm: float) -> None:
        """Smooth the selected structure (see :data:`SMOOTHINGS`)."""
        effect = self.editor.get_effect(SegmentationEffectSmoothing)
        effect.set_kernel_size(float(size_mm))
        effect.set_standard_deviation(float(size_mm))
        effect.apply_smoothing(smoothing_mode=SmoothingEffectMode[SMOOTHINGS[method]])
