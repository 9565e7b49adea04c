"""Section Case: what is open, where it comes from, and how it is seen."""

from __future__ import annotations

from slicer.i18n import tr as _

from ..bids import Case
from ..imaging import Image
from ..review.state import SessionState
from ..scene.display import denoised
from .section import Section


class CaseSection(Section):
    """Says what is open, and shows a second image, outlines, a denoised view."""

    UI = "Case.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self._contrasts: tuple[Case, ...] = ()
        view = self.workspace.view
        self.ui.contrastCombo.connect("currentIndexChanged(int)", self.onContrast)
        self.ui.fadeSlider.connect("valueChanged(int)", lambda value: view.fade(value / 100))
        self.ui.outlineCheck.connect("toggled(bool)", lambda on: view.set_outline(outline=on))
        self.ui.hideCheck.connect("toggled(bool)", lambda on: view.set_hidden(hidden=on))
        self.ui.smoothCheck.connect("toggled(bool)", self.onSmooth)
        self.onClick(self.ui.takeOverButton, self.takeOver)
        self.workspace.caseOpened.connect(self.onOpened)
        self.workspace.caseClosed.connect(self.onClosed)
        self.workspace.stateChanged.connect(self.onState)

    def toggleOutline(self) -> None:
        """Outlines, or filled masks."""
        self.ui.outlineCheck.checked = not self.ui.outlineCheck.checked

    def toggleHidden(self) -> None:
        """Hide or show all masks."""
        self.ui.hideCheck.checked = not self.ui.hideCheck.checked

    def takeOver(self) -> None:
        """Take the mask from somebody who gave no sign of life for a while."""
        self.workspace.open(self.workspace.requireSession().item, takeOver=True)

    def onOpened(self) -> None:
        """Say what is open."""
        session = self.workspace.requireSession()
        item, image = session.item, session.image
        self.ui.caseLabel.text = f"{item.case.key} \u2014 {item.mask_type.name}"
        self.ui.originLabel.text = _("Started from: {origin}. Grid: {grid}.").format(
            origin=session.origin, grid=image.geometry
        )
        self._contrasts = session.second_contrasts()
        self._fillContrasts()
        for box in (self.ui.outlineCheck, self.ui.hideCheck, self.ui.smoothCheck):
            box.enabled = True
            box.checked = False

    def onClosed(self) -> None:
        """Say that nothing is open."""
        self._contrasts = ()
        self._fillContrasts()
        self.ui.caseLabel.text = _("No mask is open.")
        self.ui.originLabel.text = ""
        for box in (self.ui.outlineCheck, self.ui.hideCheck, self.ui.smoothCheck):
            box.enabled = False

    def onState(self, state: SessionState) -> None:
        """Offer to take over what somebody else holds."""
        self.ui.takeOverButton.setVisible(state is SessionState.VIEWING)

    def onContrast(self, index: int) -> None:
        """Lay another image over the open one."""
        self.ui.fadeSlider.enabled = index > 0
        self.attempt(lambda: self._showContrast(index))

    def onSmooth(self, on: bool) -> None:  # noqa: FBT001 (a slot)
        """Show a denoised copy, made on another thread, or the image again."""
        view, image = self.workspace.view, self.workspace.view.image
        if not on or image is None:
            view.show_smooth(None, self._opacity())
            return

        def onDone(copy: Image) -> None:
            if self.ui.smoothCheck.checked and view.image is image:
                view.show_smooth(copy, self._opacity())

        self.workspace.gui.inBackground(
            lambda: denoised(image), onDone, lambda error: self.workspace.say("error", str(error))
        )

    def _showContrast(self, index: int) -> None:
        session = self.workspace.requireSession()
        image = session.second_contrast(self._contrasts[index - 1]) if index > 0 else None
        self.workspace.view.show_second(image, self._opacity())

    def _fillContrasts(self) -> None:
        combo = self.ui.contrastCombo
        combo.blockSignals(True)
        combo.clear()
        combo.addItems([_("none"), *(case.key for case in self._contrasts)])
        combo.blockSignals(False)
        combo.enabled = bool(self._contrasts)
        self.ui.fadeSlider.enabled = False

    def _opacity(self) -> float:
        return float(self.ui.fadeSlider.value) / 100
