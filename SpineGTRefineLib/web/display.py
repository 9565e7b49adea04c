"""The views of trame-slicer and the open case in them: sagittal large, two small ones beside it, 3-D when asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from trame_slicer.core import LayoutManager, SlicerApp
from trame_slicer.rca_view import register_rca_factories
from trame_slicer.views import Layout, LayoutDirection, ViewLayoutDefinition

from ..imaging import Geometry, Image
from ..scene import Scene, add_volume, views
from ..scene.case_view import CaseView
from .page.over_views import over_3d, over_slice

SLICES, WITH_3D = "slices", "slices and 3-D"
SAGITTAL = "Sagittal"


class Display(CaseView):
    """Shows one case at a time in the browser.

    Parameters
    ----------
    app
        trame-slicer's application, whose scene is used.
    server
        trame's server, to which the pictures go.
    """

    def __init__(self, app: SlicerApp, server: Any) -> None:
        super().__init__(Scene(app.scene, (app,)), app.display_manager.reset_views)
        self._app = app
        register_rca_factories(app.view_manager, server, slice_view_ui_f=over_slice, three_d_view_ui_f=over_3d)
        self.layouts = LayoutManager(app.scene, app.view_manager, server)
        for name, layout in _layouts().items():
            self.layouts.register_layout(name, layout, lazy_initialization=name == WITH_3D)
        self.set_layout(SLICES)
        self._put_pictures_first()

    def set_layout(self, name: str) -> None:
        """Arrange the views."""
        self.layouts.create_layout_views_if_needed(name)
        for view in self._app.view_manager.get_views():
            view.render_window().SetMultiSamples(0)  # eight, as trame-slicer asks for, take twice the time
        self.layouts.set_layout(name)

    def fit(self) -> None:
        """Let every view show the whole image, or all surfaces."""
        self._app.display_manager.reset_views()

    def step_slice(self, by: int) -> None:
        """Go on by slices in the view that the mouse is in, else in the sagittal one."""
        slices = self._app.view_manager.get_slice_views()
        under_mouse = views.view_under_mouse(self.scene)
        sagittal = next(view for view in slices if view.get_orientation() == SAGITTAL)
        view = next((view for view in slices if view.get_view_node() is under_mouse), sagittal)
        low, high = view.get_slice_range()
        view.set_slice_value(min(max(low, view.get_slice_value() + by * view.get_slice_step()), high))

    def fade(self, opacity: float) -> None:
        """Say how much of the second image is seen, 0 to 1."""
        super().fade(opacity)
        for view in self._app.view_manager.get_views():
            view.schedule_render()  # views do not notice by themselves which images they show, and how

    def _put_pictures_first(self) -> None:
        """Let the views take in an image before any mask: they draw in that order, and masks would hide the image."""
        nothing = Image(np.zeros((2, 2, 2), np.uint8), Geometry((2, 2, 2), np.eye(4)))
        volume = add_volume(self.scene, nothing, "nothing")
        views.show_in_slices(self.scene, volume)
        self.scene.remove(volume)

    def show_3d(self, *, on: bool) -> None:
        """Show surfaces in a view of their own, or take them away: they cost time at every stroke."""
        self.set_layout(WITH_3D if on else SLICES)
        self._app.segmentation_editor.show_3d(on)
        for view in self._app.view_manager.get_threed_views():
            view.reset_view()


def _layouts() -> dict[str, Layout]:
    view = ViewLayoutDefinition
    across, down = LayoutDirection.Horizontal, LayoutDirection.Vertical
    small = [view.axial_view(), view.coronal_view()]
    return {
        SLICES: Layout(across, [view.sagittal_view(), Layout(down, small)], ["2", "1"]),
        WITH_3D: Layout(across, [view.sagittal_view(), Layout(down, [*small, view.threed_view()])], ["2", "1"]),
    }
