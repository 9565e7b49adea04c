"""Section Slices: vouch for slices, copy a structure from the slice beside, choose slices to adopt from."""

from __future__ import annotations

from slicer.i18n import tr as _

from ..review.slices import DIRECTIONS, SliceRange, axis_of, copy_from_neighbor, direction_of, usual_direction
from ..scene.views import SliceOnScreen, slices_on_screen
from .section import Section


class SliceSection(Section):
    """Works slice by slice."""

    UI = "Slices.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        ui = self.ui
        words = {"sagittal": _("sagittal"), "coronal": _("coronal"), "axial": _("axial")}
        for direction in DIRECTIONS:
            ui.directionCombo.addItem(words[direction], direction)
        ui.directionCombo.connect("currentIndexChanged(int)", lambda _index: self.onDirection())
        for spin in (ui.firstSpin, ui.lastSpin):
            spin.connect("valueChanged(int)", lambda _value: self.tell())
        self.onClick(ui.fromHereButton, lambda: self._take(ui.firstSpin))
        self.onClick(ui.toHereButton, lambda: self._take(ui.lastSpin))
        self.onClick(ui.copyBeforeButton, lambda: self.copy(-1))
        self.onClick(ui.copyAfterButton, lambda: self.copy(1))
        self.onClick(ui.vouchButton, lambda: self._mark(self.chosen, vouched=True))
        self.onClick(ui.withdrawButton, lambda: self._mark(self.chosen, vouched=False))
        self.workspace.caseOpened.connect(self.onOpened)
        self.workspace.caseClosed.connect(self.update)
        self.workspace.edited.connect(self.showMarks)
        self.workspace.stateChanged.connect(lambda state: self.update())

    @property
    def chosen(self) -> SliceRange:
        """The slices from first to last."""
        return SliceRange(self._axis(), self.ui.firstSpin.value, self.ui.lastSpin.value)

    def copy(self, step: int) -> None:
        """Draw the selected structure in the slice on screen as it is in the one before (-1) or after (1)."""
        key = self.workspace.structure
        if not key:
            self.workspace.say("info", _("Select a structure first."))
            return
        here = self._here()
        operation = copy_from_neighbor(key, here.axis, here.index, step * here.forward)
        self.workspace.requireSession().apply(operation)
        self.workspace.say("good", _("Done: {what}. Ctrl+Z undoes it.").format(what=operation.text))

    def toggleVouched(self) -> None:
        """Vouch for the slice on screen, or take that back."""
        here = self._here()
        place = SliceRange(here.axis, here.index, here.index)
        marks = self.workspace.marks().slices
        self._mark(place, vouched=(here.axis, here.index) not in marks)

    def onOpened(self) -> None:
        """Begin with the slices that the new image was recorded in."""
        direction = usual_direction(self.workspace.requireSession().image.geometry)
        self.ui.directionCombo.blockSignals(True)
        self.ui.directionCombo.currentIndex = DIRECTIONS.index(direction)
        self.ui.directionCombo.blockSignals(False)
        self.onDirection()
        self.update()

    def onDirection(self) -> None:
        """Count the slices of another direction, from the one on screen."""
        if not self.workspace.isOpen:
            return
        size = self.workspace.requireSession().image.geometry.shape[self._axis()]
        shown = self._shown(self._axis())
        for spin in (self.ui.firstSpin, self.ui.lastSpin):
            spin.maximum = size - 1
            spin.value = shown.index if shown is not None else size // 2
        self.tell()

    def tell(self) -> None:
        """Tell the other sections which slices are chosen."""
        if self.workspace.isOpen:
            self.workspace.slicesChosen.emit(self.chosen)

    def showMarks(self) -> None:
        """Say which slices are vouched for."""
        if not self.workspace.isOpen:
            self.ui.marksLabel.text = ""
            return
        axis, marks = self._axis(), self.workspace.marks().slices
        self.ui.marksLabel.text = _ranges(sorted(index for own, index in marks if own == axis))

    def update(self) -> None:
        """Enable what can be done now."""
        ui, canEdit = self.ui, self.workspace.canEdit
        for widget in (ui.directionCombo, ui.firstSpin, ui.lastSpin, ui.fromHereButton, ui.toHereButton):
            widget.enabled = self.workspace.isOpen
        for button in (ui.copyBeforeButton, ui.copyAfterButton, ui.vouchButton, ui.withdrawButton):
            button.enabled = canEdit
        self.showMarks()

    def _mark(self, place: SliceRange, *, vouched: bool) -> None:
        bench = self.workspace.requireSession().bench
        if not self.workspace.canEdit:
            return
        (bench.verify if vouched else bench.unverify)(slices=place)
        direction = direction_of(place.axis, self.workspace.requireSession().image.geometry)
        text = _("You vouch for {slices}.") if vouched else _("You no longer vouch for {slices}.")
        which = f"{direction} {place.first}" if place.first == place.last else f"{direction} {place.first}-{place.last}"
        self.workspace.say("good", text.format(slices=which))
        self.showMarks()

    def _take(self, spin: object) -> None:
        shown = self._shown(self._axis())
        if shown is None:
            self.workspace.say("info", _("No view shows a slice of this direction."))
        else:
            spin.value = shown.index  # type: ignore[attr-defined]

    def _here(self) -> SliceOnScreen:
        """Return the slice of the view under the mouse, else the one of the chosen direction."""
        pointedAt = next((found for found in self._allShown() if found.is_under_mouse), None)
        shown = pointedAt or self._shown(self._axis())
        return shown or SliceOnScreen(self._axis(), self.ui.firstSpin.value, 1)

    def _shown(self, axis: int) -> SliceOnScreen | None:
        return next((found for found in self._allShown() if found.axis == axis), None)

    def _allShown(self) -> tuple[SliceOnScreen, ...]:
        return slices_on_screen(self.workspace.scene, self.workspace.requireSession().image.geometry)

    def _axis(self) -> int:
        return axis_of(self.ui.directionCombo.currentData, self.workspace.requireSession().image.geometry)


def _ranges(indices: list[int]) -> str:
    """Write 1, 2, 3, 7 as ``1-3, 7``."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return "\u2714 " + ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) if runs else ""
