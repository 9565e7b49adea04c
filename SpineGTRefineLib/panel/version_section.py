"""Section Compare and adopt: what a model, a colleague or an earlier save says, beside the mask under edit."""

from __future__ import annotations

from slicer.i18n import tr as _

from ..imaging import LabelDifference
from ..review.proposals import Proposal, Scope
from ..review.slices import SliceRange, direction_of
from ..review.versions import Version
from .section import Section, fillTable, stretchColumn


class VersionSection(Section):
    """Compares the mask with another version, and adopts all of it or some structures."""

    UI = "Versions.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self._versions: list[Version] = []
        self._proposal: Proposal | None = None
        self._keys: list[str | None] = []
        stretchColumn(self.ui.differenceTable, 0)
        self.onClick(self.ui.compareButton, self.compare)
        self._slices: SliceRange | None = None
        self.onClick(self.ui.adoptAllButton, lambda: self._adopt(None))
        self.onClick(self.ui.adoptSelectedButton, self.adoptSelected)
        self.ui.blinkCheck.connect("toggled(bool)", lambda on: self.workspace.view.blink(other=on))
        self.workspace.caseOpened.connect(self.onOpened)
        self.workspace.caseClosed.connect(self.onClosed)
        self.workspace.proposalArrived.connect(self.onProposal)
        self.workspace.slicesChosen.connect(self.onSlices)

    def blink(self) -> None:
        """Show the other version, or the mask under edit again."""
        if self.ui.blinkCheck.enabled:
            self.ui.blinkCheck.checked = not self.ui.blinkCheck.checked

    def compare(self) -> None:
        """Show the chosen version and what would change."""
        if self._versions:
            self._show(self._versions[self.ui.versionCombo.currentIndex].proposal())

    def adoptSelected(self) -> None:
        """Take over the structures whose rows are selected."""
        rows = {index.row() for index in self.ui.differenceTable.selectionModel().selectedRows()}
        keys = frozenset(key for row in rows if (key := self._keys[row]) is not None)
        if not keys:
            self.workspace.say("info", _("Select rows of the table first."))
            return
        self._adopt(keys)

    def onOpened(self) -> None:
        """List what the new mask can be compared with."""
        self._versions = list(self.workspace.requireSession().versions())
        self._fill()

    def onClosed(self) -> None:
        """Nothing is compared any more."""
        self._versions = []
        self._fill()
        self._forget()

    def onProposal(self, proposal: Proposal) -> None:
        """Offer the mask of a model that has finished, and show how it differs."""
        self._versions.insert(0, Version.of(proposal))
        self._fill()
        self.widget.collapsed = False
        self.attempt(lambda: self._show(proposal))
        text = _("{title}: a proposal has arrived. Compare it below; your mask has not changed.")
        self.workspace.say("good", text.format(title=proposal.title))

    def onSlices(self, chosen: SliceRange) -> None:
        """Say which slices would be adopted."""
        self._slices = chosen
        direction = direction_of(chosen.axis, self.workspace.requireSession().image.geometry)
        text = _("Only in {direction} slices {first}-{last}")
        self.ui.onlySlicesCheck.text = text.format(direction=direction, first=chosen.first, last=chosen.last)

    def _show(self, proposal: Proposal) -> None:
        difference = self.workspace.requireSession().bench.compare(proposal)
        self._proposal = proposal
        self._list(difference, proposal)
        self.workspace.view.compare_with(proposal.labels)
        self.ui.blinkCheck.checked = False
        self.ui.blinkCheck.enabled = True
        for button in (self.ui.adoptAllButton, self.ui.adoptSelectedButton, self.ui.onlySlicesCheck):
            button.enabled = self.workspace.canEdit and difference.edited
        text = _("{voxels} voxels differ from {title}. {warnings}")
        warnings = " ".join(proposal.warnings)
        self.ui.differenceLabel.text = text.format(
            voxels=difference.changed_voxels, title=proposal.title, warnings=warnings
        )

    def _list(self, difference: LabelDifference, proposal: Proposal) -> None:
        scheme = proposal.labels.scheme
        changed = [row for row in difference.values if row.added or row.removed]
        self._keys = [scheme[row.value].structure.key if row.value in scheme else None for row in changed]
        rows = []
        for row in changed:
            name = scheme[row.value].name if row.value in scheme else str(row.value)
            overlap = f"{row.dice:.2f}"
            rows.append((name, str(row.voxels_before), str(row.voxels_after), overlap))
        fillTable(self.ui.differenceTable, rows)

    def _adopt(self, structures: frozenset[str] | None) -> None:
        if self._proposal is None:
            return
        isPart = self.ui.onlySlicesCheck.checked and self._slices is not None
        scope = self._slices.scope(structures) if isPart and self._slices else Scope(structures)
        self.workspace.requireSession().adopt(self._proposal, scope)
        self.workspace.say("good", _("Adopted. Ctrl+Z undoes it."))
        self._show(self._proposal)

    def _forget(self) -> None:
        self._proposal = None
        self._keys = []
        self.workspace.view.compare_with(None)
        fillTable(self.ui.differenceTable, [])
        self.ui.differenceLabel.text = ""
        self.ui.blinkCheck.checked = False
        ui = self.ui
        for widget in (ui.blinkCheck, ui.onlySlicesCheck, ui.adoptAllButton, ui.adoptSelectedButton):
            widget.enabled = False

    def _fill(self) -> None:
        self.ui.versionCombo.clear()
        self.ui.versionCombo.addItems([version.title for version in self._versions])
        self.ui.versionCombo.enabled = self.ui.compareButton.enabled = bool(self._versions)
