"""The open case in the views of trame-slicer: sagittal large, two small ones beside it, 3-D only when asked for."""

from __future__ import annotations

from typing import Any

from trame_slicer.core import LayoutManager, SlicerApp
from trame_slicer.rca_view import register_rca_factories
from trame_slicer.views import Layout, LayoutDirection, ViewLayoutDefinition

from ..imaging import Image, LabelMap
from ..review.loading import LoadedCase
from ..scene import LabelSegmentation, Scene, SceneCase, add_volume, load_case, views

SLICES, WITH_3D = "slices", "slices and 3-D"


class Display:
    """Shows one case at a time.

    Parameters
    ----------
    app
        trame-slicer's application, whose scene is used.
    server
        trame's server, to which the pictures go.
    """

    def __init__(self, app: SlicerApp, server: Any) -> None:
        self._app = app
        self.scene = Scene(app.scene, (app,))
        self.case: SceneCase | None = None
        self._loaded: LoadedCase | None = None
        self._outlines: list[LabelSegmentation] = []
        self._compared: LabelSegmentation | None = None
        self._second: Any = None
        register_rca_factories(app.view_manager, server)
        self.layouts = LayoutManager(app.scene, app.view_manager, server)
        for name, layout in _layouts().items():
            self.layouts.register_layout(name, layout, lazy_initialization=name == WITH_3D)
        self.set_layout(SLICES)

    def set_layout(self, name: str) -> None:
        """Arrange the views."""
        self.layouts.create_layout_views_if_needed(name)
        for view in self._app.view_manager.get_views():
            view.render_window().SetMultiSamples(0)  # eight, as trame-slicer asks for, take twice the time
        self.layouts.set_layout(name)

    def show(self, loaded: LoadedCase, labels: LabelMap) -> SceneCase:
        """Show a case and return its nodes."""
        self.clear()
        item = loaded.item
        case = load_case(self.scene, loaded.image, labels, f"{item.case.key} {item.mask_type.name}")
        self.case, self._loaded = case, loaded
        views.set_window(case.volume, loaded.image.array)
        for name, mask in loaded.outlines.items():
            self._outlines.append(self._outline(mask, f"{name} (outline)"))
        views.align_slices(self.scene, case.volume)
        self._app.display_manager.show_volume_in_slice_background(case.volume)  # the other way also renders the volume
        self._app.display_manager.reset_views()
        return case

    def clear(self) -> None:
        """Take the case away."""
        self.compare_with(None)
        self.show_second(None, 0.0)
        for outline in self._outlines:
            self.scene.remove(outline.node)
        self._outlines.clear()
        if self.case is not None:
            self.case.close()
        self.case = self._loaded = None

    def jump_to(self, position: tuple[float, float, float]) -> None:
        """Show a place (RAS mm) in all slice views."""
        views.jump_to(self.scene, position)

    def set_masks(self, *, outline: bool, hidden: bool, opacity: float) -> None:
        """Say how the masks look; this never affects what is saved."""
        if self.case is None:
            return
        node = self.case.segmentation.node
        views.set_outline(node, outline=outline)
        node.GetDisplayNode().SetOpacity2DFill(opacity)
        for each in (self.case.segmentation, *self._outlines):
            views.set_visible(each.node, visible=not hidden)

    def set_window(self, low: float, high: float) -> None:
        """Show the image from black to white between two percentiles of its voxels."""
        if self.case is not None and self._loaded is not None:
            views.set_window(self.case.volume, self._loaded.image.array, (low, high))

    def compare_with(self, labels: LabelMap | None) -> None:
        """Show another version of the mask as outlines; None takes it away."""
        if self._compared is not None:
            self.scene.remove(self._compared.node)
            self._compared = None
        if labels is not None and self._loaded is not None:
            self._compared = self._outline(labels, "compared version")

    def blink(self, *, other: bool) -> None:
        """Show the compared version instead of the mask under edit, or the mask again."""
        if self.case is not None and self._compared is not None:
            views.set_visible(self.case.segmentation.node, visible=not other)
            views.set_outline(self._compared.node, outline=not other)

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
            views.show_in_slices(self.scene, self.case.volume, self._second, opacity)

    def show_3d(self, *, on: bool) -> None:
        """Show surfaces in a view of their own, or take them away: they cost time at every stroke."""
        self.set_layout(WITH_3D if on else SLICES)
        self._app.segmentation_editor.show_3d(on)
        for view in self._app.view_manager.get_threed_views():
            view.reset_view()

    def _outline(self, labels: LabelMap, name: str) -> LabelSegmentation:
        assert self._loaded is not None
        segmentation = LabelSegmentation.create(self.scene, labels, name, grid=self._loaded.image.geometry)
        views.set_outline(segmentation.node, outline=True)
        return segmentation


def _layouts() -> dict[str, Layout]:
    view = ViewLayoutDefinition
    across, down = LayoutDirection.Horizontal, LayoutDirection.Vertical
    small = [view.axial_view(), view.coronal_view()]
    return {
        SLICES: Layout(across, [view.sagittal_view(), Layout(down, small)], ["2", "1"]),
        WITH_3D: Layout(across, [view.sagittal_view(), Layout(down, [*small, view.threed_view()])], ["2", "1"]),
    }
