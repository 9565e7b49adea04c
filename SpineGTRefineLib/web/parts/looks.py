"""How the case is seen: masks filled or as outlines, window, second contrast, 3-D. Nothing here changes a voxel."""

from __future__ import annotations

from typing import Any, ClassVar

from ...bids import Case
from .part import Part

WINDOWS = {"Normal": (0.5, 99.5), "Full": (0.0, 100.0), "Bright": (0.5, 95.0), "Dark": (5.0, 99.95)}
"""Percentiles of the voxels that are shown black and white."""
NO_CONTRAST = "none"


class LookPart(Part):
    """Looks."""

    START: ClassVar[dict[str, Any]] = {
        "opacity": 0.5,
        "outline": False,
        "hidden": False,
        "window": "Normal",
        "windows": list(WINDOWS),
        "contrast": NO_CONTRAST,
        "contrasts": [NO_CONTRAST],
        "fade": 0.5,
        "show_3d": False,
    }

    def set_up(self) -> None:
        """Follow the controls."""
        display, change = self.station.display, self.state.change
        change("opacity", "outline", "hidden")(lambda **_: self._show_masks())
        change("window")(lambda window, **_: display.set_window(*WINDOWS[window]))
        change("contrast")(lambda **_: self.attempt(self._show_contrast))
        change("fade")(lambda fade, **_: display.fade(fade))
        change("show_3d")(lambda show_3d, **_: display.show_3d(on=show_3d))
        self._contrasts: dict[str, Case] = {}
        self.station.opened.connect(self._on_opened)

    def toggle_outline(self) -> None:
        """Outlines, or filled masks."""
        self.state.outline = not self.state.outline

    def toggle_hidden(self) -> None:
        """Hide or show all masks."""
        self.state.hidden = not self.state.hidden

    def toggle_surfaces(self) -> None:
        """Show the structures in 3-D, or take them away."""
        self.state.show_3d = not self.state.show_3d

    def fit(self) -> None:
        """Show the whole image."""
        self.station.display.fit()

    def step_slice(self, by: int) -> None:
        """Go on by slices in one view."""
        if self.station.is_open:
            self.station.display.step_slice(by)

    def _show_masks(self) -> None:
        display, state = self.station.display, self.state
        display.set_outline(outline=state.outline)
        display.set_hidden(hidden=state.hidden)
        display.set_opacity(state.opacity)

    def _show_contrast(self) -> None:
        if self.station.is_open:
            case = self._contrasts.get(self.state.contrast)
            image = None if case is None else self.station.session.second_contrast(case)
            self.station.display.show_second(image, self.state.fade)

    def _on_opened(self) -> None:
        cases = self.station.session.second_contrasts() if self.station.is_open else ()
        self._contrasts = {case.key: case for case in cases}
        titles = [{"title": key.partition("_")[2], "value": key} for key in self._contrasts]
        self.state.contrasts = [NO_CONTRAST, *titles]
        self.state.contrast = NO_CONTRAST
        self.state.hidden = False
        self._show_masks()
        self.station.display.set_window(*WINDOWS[self.state.window])
