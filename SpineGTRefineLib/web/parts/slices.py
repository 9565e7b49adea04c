"""Slice by slice: copy the selected structure from the slice beside, vouch for the slice on screen."""

from __future__ import annotations

from typing import Any, ClassVar

from ...review.slices import SliceRange, axis_of, copy_from_neighbor, direction_of, usual_direction
from ...scene.views import SliceOnScreen, slices_on_screen
from .part import Part


class SlicePart(Part):
    """Works on the slice of the view under the mouse, else on the one that the image was recorded in."""

    START: ClassVar[dict[str, Any]] = {"slices_vouched": ""}

    def copy(self, step: int) -> None:
        """Draw the selected structure in the slice on screen as it is in the one before (-1) or after (1)."""
        key, here = self.station.structure, self._here()
        if not key:
            self.station.say("info", "Select a structure first.")
            return
        operation = copy_from_neighbor(key, here.axis, here.index, step * here.forward)
        self.station.session.apply(operation)
        self.station.say("good", f"Done: {operation.text}. Ctrl+Z undoes it.")

    def vouch(self) -> None:
        """Vouch for the slice on screen, or take that back."""
        if not self.station.can_edit:
            return
        here, bench = self._here(), self.station.session.bench
        vouched = (here.axis, here.index) not in bench.verified.slices
        (bench.verify if vouched else bench.unverify)(slices=SliceRange(here.axis, here.index, here.index))
        which = f"{direction_of(here.axis, self.station.session.image.geometry)} slice {here.index}"
        self.station.say("good", f"You {'vouch' if vouched else 'no longer vouch'} for {which}.")

    def update(self) -> None:
        """Say how many slices are vouched for."""
        marks = self.station.session.bench.verified.slices if self.station.is_open else ()
        self.state.slices_vouched = f"{len(marks)} slice{'s' * (len(marks) != 1)} vouched for" if marks else ""

    def _here(self) -> SliceOnScreen:
        geometry = self.station.session.image.geometry
        shown = slices_on_screen(self.station.display.scene, geometry)
        axis = axis_of(usual_direction(geometry), geometry)
        wanted = (*(each for each in shown if each.is_under_mouse), *(each for each in shown if each.axis == axis))
        return next(iter(wanted), SliceOnScreen(axis, geometry.shape[axis] // 2, 1))
