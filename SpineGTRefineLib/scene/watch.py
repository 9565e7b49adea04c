"""Tells when the voxels of a segmentation change, whoever changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import slicer


class VoxelWatch:
    """Follows a ``vtkSegmentation``.

    Parameters
    ----------
    segmentation
        The ``vtkSegmentation``.
    on_changed
        Called after each change of voxels; new names, colors and the like are not told.
    """

    def __init__(self, segmentation: Any, on_changed: Callable[[], None]) -> None:
        self._segmentation = segmentation
        self._on_changed = on_changed
        self._is_paused = False
        self._stamp = self._layer_stamp()
        kind = slicer.vtkSegmentation
        # Slicer's undo says nothing but SegmentModified, as do new names and colors.
        events = (kind.SourceRepresentationModified, kind.SegmentModified, kind.SegmentAdded, kind.SegmentRemoved)
        self._tags = [segmentation.AddObserver(event, self._on_event) for event in events]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Tell nothing of what is changed meanwhile."""
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False
            self._stamp = self._layer_stamp()

    def close(self) -> None:
        """Stop following, and let go of who was told, who usually holds this."""
        for tag in self._tags:
            self._segmentation.RemoveObserver(tag)
        self._tags.clear()
        self._on_changed = _tell_nobody

    def _on_event(self, caller: Any, event: str) -> None:
        del caller, event
        if self._is_paused or (stamp := self._layer_stamp()) == self._stamp:
            return
        self._stamp = stamp
        self._on_changed()

    def _layer_stamp(self) -> tuple[tuple[str, int], ...]:
        """Say which voxels the segments have, without looking at them: when each segment's layer last changed."""
        name = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
        ids = self._segmentation.GetSegmentIDs()
        layers = ((key, self._segmentation.GetSegment(key).GetRepresentation(name)) for key in ids)
        return tuple((key, 0 if layer is None else layer.GetMTime()) for key, layer in layers)


def _tell_nobody() -> None:
    pass
