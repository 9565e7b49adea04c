"""Section Levels: a whole chain of labels is repaired by one act, as one step to undo."""

from __future__ import annotations

from collections.abc import Callable

from slicer.i18n import tr as _

from ..anatomy import spine_order, structure
from ..review import operations
from ..review.operations import Operation
from .section import Section


class LevelSection(Section):
    """Shifts, swaps, merges and renames the selected structure."""

    UI = "Levels.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self._partners: tuple[str, ...] = ()
        self.onClick(self.ui.shiftUpButton, lambda: self.shift(-1))
        self.onClick(self.ui.shiftDownButton, lambda: self.shift(1))
        self.onClick(self.ui.largestButton, lambda: self._apply(operations.keep_largest_piece))
        self.onClick(self.ui.swapButton, lambda: self._withPartner(operations.swap_levels))
        self.onClick(self.ui.mergeButton, lambda: self._withPartner(operations.merge))
        self.onClick(self.ui.renameButton, lambda: self._withPartner(operations.relabel))
        self.workspace.structureChosen.connect(lambda key: self.update())
        self.workspace.caseOpened.connect(self.update)
        self.workspace.stateChanged.connect(lambda state: self.update())
        self.update()

    def shift(self, by: int) -> None:
        """Rename the selected vertebra and all below it by one level."""
        self._apply(lambda key: operations.shift_levels(key, by))

    def update(self) -> None:
        """Offer what makes sense for the selected structure."""
        key = self.workspace.structure
        can = self.workspace.canEdit and bool(key)
        isVertebra = can and structure(key).kind == "vertebra"
        self.ui.shiftUpButton.enabled = self.ui.shiftDownButton.enabled = isVertebra
        self.ui.largestButton.enabled = can
        self._listPartners(key if can else "")
        hasPartner = bool(self._partners)
        for widget in (self.ui.partnerCombo, self.ui.swapButton, self.ui.mergeButton, self.ui.renameButton):
            widget.enabled = hasPartner
        selected = structure(key).name if key else _("none")
        self.ui.levelLabel.text = _("Selected structure: {name}").format(name=selected)

    def _listPartners(self, key: str) -> None:
        """Offer the others of its kind, beginning with the next one toward the tail."""
        alike = self._alike(key) if key else ()
        self._partners = tuple(each for each in alike if each != key)
        self.ui.partnerCombo.clear()
        self.ui.partnerCombo.addItems([structure(each).name for each in self._partners])
        if key in alike:
            self.ui.partnerCombo.currentIndex = min(alike.index(key), len(self._partners) - 1)

    def _alike(self, key: str) -> tuple[str, ...]:
        """Structures of the same kind in the scheme, the present and the absent."""
        case = self.workspace.view.case
        if case is None:
            return ()
        entries = case.segmentation.original.scheme.of_kind(structure(key).kind)
        return spine_order(entry.structure.key for entry in entries)

    def _withPartner(self, make: Callable[[str, str], Operation]) -> None:
        if self._partners:
            partner = self._partners[self.ui.partnerCombo.currentIndex]
            self._apply(lambda key: make(key, partner))

    def _apply(self, make: Callable[[str], Operation]) -> None:
        key = self.workspace.structure
        if not key:
            self.workspace.say("info", _("Select a structure first."))
            return
        operation = make(key)
        self.workspace.requireSession().apply(operation)
        self.workspace.say("good", _("Done: {what}. Ctrl+Z undoes it.").format(what=operation.text))
        self.update()
