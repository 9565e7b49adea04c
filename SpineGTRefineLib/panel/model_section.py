"""Section Models: run one on the open case; its mask arrives as a proposal, the one under edit does not change."""

from __future__ import annotations

import qt
from slicer.i18n import tr as _

from ..engine import Progress, State, Ticket
from ..recipes.definition import recipe, recipe_names
from ..review.proposals import Proposal
from .section import Section

DEVICES = ("auto", "cpu", "cuda", "mps")
POLL_MS = 200


class ModelSection(Section):
    """Runs recipes, shows how far they are, cancels them."""

    UI = "Models.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self._ticket: Ticket | None = None
        self._names = recipe_names()
        self.ui.recipeCombo.addItems([recipe(name).title for name in self._names])
        self.ui.deviceCombo.addItems(DEVICES)
        self.ui.deviceCombo.setCurrentText(self.workspace.preferences.device)
        self.ui.deviceCombo.connect("currentIndexChanged(int)", self.onDevice)
        self.ui.logCheck.connect("toggled(bool)", lambda on: self.ui.logText.setVisible(on))
        self.onClick(self.ui.runButton, self.run)
        self.onClick(self.ui.cancelButton, self.cancel)
        self.workspace.caseOpened.connect(self.onOpened)
        self.workspace.caseClosed.connect(self.update)
        self.workspace.proposalArrived.connect(self.onProposal)
        self.workspace.logged.connect(self.ui.logText.appendPlainText)
        # A run that failed or was cancelled brings no proposal, so the ticket is looked at.
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self.onPoll)

    @property
    def isRunning(self) -> bool:
        """Whether a run that was asked for here has not ended."""
        return self._ticket is not None

    def run(self) -> None:
        """Queue the chosen recipe for the open case."""
        if self.isRunning or not self.workspace.isOpen:
            return
        name = self._names[self.ui.recipeCombo.currentIndex]
        session = self.workspace.requireSession()
        self._ticket = session.run(
            name, on_progress=self.onProgress, device=self.workspace.preferences.device, again=True
        )
        self.ui.stageLabel.text = _("waiting")
        self._timer.start()
        self.update()

    def cancel(self) -> None:
        """End the run."""
        if self._ticket is not None:
            self.workspace.requireSession().cancel(self._ticket)
            self.ui.stageLabel.text = _("being cancelled")

    def onProgress(self, progress: Progress) -> None:
        """Show how far the run is."""
        if self._ticket is None:
            return
        self.ui.progressBar.value = round(100 * progress.fraction)
        tiles = f" {progress.tile}/{progress.tiles}" if progress.tiles else ""
        left = "" if progress.eta_s is None else _(", {seconds} s left").format(seconds=round(progress.eta_s))
        self.ui.stageLabel.text = f"{progress.stage}{tiles}{left}"

    def onProposal(self, proposal: Proposal) -> None:
        """Look at the run: its mask has come."""
        del proposal
        self.onPoll()

    def onPoll(self) -> None:
        """Look whether the run has ended, and how."""
        ticket = self._ticket
        if ticket is None or ticket.state not in (State.DONE, State.FAILED, State.CANCELLED):
            return
        self._ticket = None
        self._timer.stop()
        words = {State.DONE: _("done"), State.FAILED: _("failed"), State.CANCELLED: _("cancelled")}
        self.ui.stageLabel.text = words[ticket.state]
        self.ui.progressBar.value = 100 if ticket.state is State.DONE else 0
        self.update()

    def onDevice(self, index: int) -> None:
        """Remember where models run."""
        self.workspace.preferences.device = DEVICES[index]
        self.workspace.preferences.save()

    def onOpened(self) -> None:
        """Propose the recipe for the kind of mask that is open."""
        kind = self.workspace.requireSession().item.mask_type.name
        fitting = [place for place, name in enumerate(self._names) if recipe(name).mask_type.name == kind]
        if fitting:
            self.ui.recipeCombo.currentIndex = fitting[0]
        self.update()

    def update(self) -> None:
        """Enable what can be done now."""
        self.ui.runButton.enabled = self.workspace.isOpen and not self.isRunning
        self.ui.cancelButton.enabled = self.isRunning
