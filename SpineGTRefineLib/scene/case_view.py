"""The open case on the screen: image, mask under edit, the other masks as outlines, a second image over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..imaging import Image, LabelMap
from ..review.loading import LoadedCase
from . import views
from .case import SceneCase, load_case
from .context import Scene
from .labels import LabelSegmentation
from .volumes import add_volume


class CaseView:
    """Shows one case at a time and takes away only what it brought. Nothing here affects what is saved.

    Parameters
    ----------
    scene
        Where to show it.
    fit
        Lets the slice views show the whole image; views belong to the program, not to the scene.
    """

    def __init__(self, scene: Scene, fit: Callable[[], None]) -> None:
        self.scene = scene
        self.case: SceneCase | None = None
        self._fit = fit
        self._loaded: LoadedCase | None = None
        self._outlines: list[LabelSegmentation] = []
        self._compared: LabelSegmentation | None = None
        self._second: Any = None
        self._smooth: Any = None

    @property
    def image(self) -> Image | None:
        """The image of the open case."""
        return self._loaded.image if self._loaded is not None else None

    def show(self, loaded: LoadedCase, labels: LabelMap) -> SceneCase:
        """Show a case and return its nodes."""
        self.clear()
        item = loaded.item
        case = load_case(self.scene, loaded.image, labels, f"{item.case.key} {item.mask_type.name}")
        self.case, self._loaded = case, loaded
        views.set_window(case.volume, loaded.image.array)
        for name, mask in loaded.outlines.items():
            self._outlines.append(self._outline(mask, f"{item.case.key} {name} (outline)", loaded.image))
        views.align_slices(self.scene, case.volume)
        views.show_in_slices(self.scene, case.volume)
        views.jump_to(self.scene, views.middle_of(loaded.image.geometry))
        self._fit()
        return case

    def clear(self) -> None:
        """Take the case away; other nodes of the user stay."""
        self.compare_with(None)
        for outline in self._outlines:
            self.scene.remove(outline.node)
        self._outlines.clear()
        for node in (self._second, self._smooth):
            self.scene.remove(node)
        self._second = self._smooth = None
        if self.case is not None:
            self.case.close()
        self.case = self._loaded = None

    def jump_to(self, position: tuple[float, float, float]) -> None:
        """Show a place (RAS mm) in all slice views."""
        views.jump_to(self.scene, position)

    def compare_with(self, labels: LabelMap | None) -> None:
        """Show another version of the mask as outlines; None takes it away."""
        if self._compared is not None:
            self.scene.remove(self._compared.node)
            self._compared = None
        if labels is not None and self._loaded is not None:
            self._compared = self._outline(labels, "compared version", self._loaded.image)

    def blink(self, *, other: bool) -> None:
        """Show the compared version instead of the mask under edit, or the mask again."""
        if self.case is not None and self._compared is not None:
            views.set_visible(self.case.segmentation.node, visible=not other)
            views.set_outline(self._compared.node, outline=not other)

    def set_outline(self, *, outline: bool) -> None:
        """Show the mask under edit as outlines, or filled."""
        if self.case is not None:
            views.set_outline(self.case.segmentation.node, outline=outline)

    def set_hidden(self, *, hidden: bool) -> None:
        """Hide or show all masks."""
        if self.case is not None:
            for each in (self.case.segmentation, *self._outlines):
                views.set_visible(each.node, visible=not hidden)

    def set_opacity(self, opacity: float) -> None:
        """Say how much of the mask under edit is seen where it is filled, 0 to 1."""
        if self.case is not None:
            self.case.segmentation.node.GetDisplayNode().SetOpacity2DFill(opacity)

    def set_window(self, low: float, high: float) -> None:
        """Show the image from black to white between two percentiles of its voxels."""
        if self.case is not None and self.image is not None:
            views.set_window(self.case.volume, self.image.array, (low, high))

    def show_second(self, image: Image | None, opacity: float) -> None:
        """Lay another image over the case's; None takes it away."""
        self.scene.remove(self._second)
        self._second = None
        if image is not None:
            self._second = add_volume(self.scene, image, "second contrast")
            views.set_window(self._second, image.array)
        self.fade(opacity)

    def fade(self, opacity: float) -> None:
        """Say how much of the second image is seen, 0 to 1."""
        if self.case is not None:
            views.show_in_slices(self.scene, self._smooth or self.case.volume, self._second, opacity)

    def show_smooth(self, image: Image | None, opacity: float) -> None:
        """Show a denoised copy in the place of the image; it belongs to the screen only and is never saved."""
        self.scene.remove(self._smooth)
        self._smooth = None
        if image is not None:
            self._smooth = add_volume(self.scene, image, "denoised view")
            self._smooth.SaveWithSceneOff()
            views.set_window(self._smooth, image.array)
        self.fade(opacity)

    def _outline(self, labels: LabelMap, name: str, image: Image) -> LabelSegmentation:
        segmentation = LabelSegmentation.create(self.scene, labels, name, grid=image.geometry)
        views.set_outline(segmentation.node, outline=True)
        return segmentation
