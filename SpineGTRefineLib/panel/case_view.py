"""The open case on the screen: image, mask under edit, the other masks as outlines, a second image over it."""

from __future__ import annotations

from typing import Any

import slicer

from ..imaging import Image, LabelMap
from ..review.loading import LoadedCase
from ..scene import LabelSegmentation, Scene, SceneCase, add_volume, load_case, views


class CaseView:
    """Shows one case at a time and takes away only what it brought.

    Parameters
    ----------
    scene
        Where to show it.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.case: SceneCase | None = None
        self._loaded: LoadedCase | None = None
        self._outlines: list[LabelSegmentation] = []
        self._compared: LabelSegmentation | None = None
        self._second: Any = None
        self._smooth: Any = None

    def show(self, loaded: LoadedCase, labels: LabelMap) -> SceneCase:
        """Show a case and return its nodes."""
        self.clear()
        item = loaded.item
        case = load_case(self._scene, loaded.image, labels, f"{item.case.key} {item.mask_type.name}")
        views.set_window(case.volume, loaded.image.array)
        for name, mask in loaded.outlines.items():
            self._outlines.append(self._outline(mask, f"{item.case.key} {name} (outline)", loaded.image))
        views.align_slices(self._scene, case.volume)
        views.show_in_slices(self._scene, case.volume)
        views.jump_to(self._scene, views.middle_of(loaded.image.geometry))
        _fitViews()
        self.case, self._loaded = case, loaded
        return case

    def clear(self) -> None:
        """Take the case away; other nodes of the user stay."""
        self.compareWith(None)
        for outline in self._outlines:
            self._scene.remove(outline.node)
        self._outlines.clear()
        for node in (self._second, self._smooth):
            self._scene.remove(node)
        self._second = self._smooth = None
        if self.case is not None:
            self.case.close()
        self.case = self._loaded = None

    def jumpTo(self, position: tuple[float, float, float]) -> None:
        """Show a place in all slice views."""
        views.jump_to(self._scene, position)

    def compareWith(self, labels: LabelMap | None) -> None:
        """Show another version of the mask as outlines; None takes it away."""
        if self._compared is not None:
            self._scene.remove(self._compared.node)
            self._compared = None
        if labels is not None and self._loaded is not None:
            self._compared = self._outline(labels, "compared version", self._loaded.image)

    def blink(self, *, other: bool) -> None:
        """Show the compared version instead of the mask under edit, or the mask again."""
        if self.case is not None and self._compared is not None:
            views.set_visible(self.case.segmentation.node, visible=not other)
            views.set_outline(self._compared.node, outline=not other)

    def setOutline(self, *, outline: bool) -> None:
        """Show the mask under edit as outlines, or filled."""
        if self.case is not None:
            views.set_outline(self.case.segmentation.node, outline=outline)

    def setHidden(self, *, hidden: bool) -> None:
        """Hide or show all masks."""
        if self.case is not None:
            for each in (self.case.segmentation, *self._outlines):
                views.set_visible(each.node, visible=not hidden)

    def showSecond(self, image: Image | None, opacity: float) -> None:
        """Lay another image over the case's; None takes it away."""
        self._scene.remove(self._second)
        self._second = None
        if image is not None:
            self._second = add_volume(self._scene, image, "second contrast")
            views.set_window(self._second, image.array)
        self.fade(opacity)

    def fade(self, opacity: float) -> None:
        """Say how much of the second image is seen, 0 to 1."""
        if self.case is not None:
            views.show_in_slices(self._scene, self._smooth or self.case.volume, self._second, opacity)

    @property
    def image(self) -> Image | None:
        """The image of the open case."""
        return self._loaded.image if self._loaded is not None else None

    def showSmooth(self, image: Image | None, opacity: float) -> None:
        """Show a denoised copy in the place of the image; it belongs to the screen only and is never saved."""
        self._scene.remove(self._smooth)
        self._smooth = None
        if image is not None:
            self._smooth = add_volume(self._scene, image, "denoised view")
            self._smooth.SetSaveWithScene(False)
            views.set_window(self._smooth, image.array)
        self.fade(opacity)

    def _outline(self, labels: LabelMap, name: str, image: Image) -> LabelSegmentation:
        segmentation = LabelSegmentation.create(self._scene, labels, name, grid=image.geometry)
        views.set_outline(segmentation.node, outline=True)
        return segmentation


def _fitViews() -> None:
    """Let the whole image be seen; without a main window there are no views."""
    manager = slicer.app.layoutManager()
    if manager is not None:
        for logic in manager.mrmlSliceLogics():
            logic.FitSliceToBackground()
