"""Section Worklist: what there is to do, what was done, and the way from mask to mask."""

from __future__ import annotations

from dataclasses import replace

from slicer.i18n import tr as _

from ..bids import mask_types
from ..review.session import ReviewSession
from ..review.worklist import FINISHED, Item
from .section import Section, fillTable, stretchColumn

ROWS = 300
"""Rows that are shown: of a longer list those about the open mask."""

SYMBOLS = {
    "todo": "\u25cb",
    "proposed": "\u25d4",
    "draft": "\u270e",
    "corrected": "\u2714",
    "accepted-unchanged": "\u2714",
    "flagged": "\u2691",
    "excluded": "\u2716",
}
"""A sign for each status, beside its word: color alone would say nothing to some."""


class WorklistSection(Section):
    """Lists masks and goes from one to the next."""

    UI = "Worklist.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self._items: tuple[Item, ...] = ()
        stretchColumn(self.ui.table, 0)
        self._fillChoices()
        self.ui.filterCombo.connect("currentIndexChanged(int)", self.onFilter)
        self.ui.maskTypeCombo.connect("currentIndexChanged(int)", self.onFilter)
        self.ui.textFilter.connect("textChanged(QString)", self.onFilter)
        self.ui.table.connect("cellDoubleClicked(int,int)", self.onRow)
        self.onClick(self.ui.previousButton, lambda: self.step(-1))
        self.onClick(self.ui.nextButton, lambda: self.step(1))
        self.onClick(self.ui.nextOpenButton, self.nextToDo)
        workspace = self.workspace
        for signal in (workspace.caseOpened, workspace.caseClosed, workspace.saved, workspace.listChanged):
            signal.connect(self.refresh)
        self.workspace.sessionChanged.connect(self.onSessionChanged)

    def step(self, by: int) -> None:
        """Open the neighbor of the open mask, done or not."""
        session = self.workspace.requireSession()
        item = session.worklist.neighbor(session.item.key, by)
        if item is None:
            self.workspace.say("info", _("This is the end of the list."))
        else:
            self.workspace.open(item)

    def nextToDo(self) -> None:
        """Open the next mask that nobody has finished."""
        session = self.workspace.requireSession()
        self.workspace.open(session.worklist.next_to_do(session.item.key))

    def previousToDo(self) -> None:
        """Open the mask before this one that nobody has finished."""
        session = self.workspace.requireSession()
        self.workspace.open(session.worklist.previous_to_do(session.item.key))

    def onRow(self, row: int, column: int = 0) -> None:
        """Open the mask of a row."""
        del column
        if 0 <= row < len(self._items):
            self.attempt(lambda: self.workspace.open(self._items[row]))

    def onFilter(self, *_arguments: object) -> None:
        """List what the filters let through."""
        session = self.workspace.session
        if session is None:
            return
        statuses = self.ui.filterCombo.currentData
        kind = self.ui.maskTypeCombo.currentData
        session.worklist.filter = replace(
            session.worklist.filter,
            statuses=frozenset(statuses.split()) if statuses else None,
            mask_types=frozenset(kind.split()) if kind else None,
            text=self.ui.textFilter.text,
        )
        self.refresh()

    def onSessionChanged(self) -> None:
        """Start with the kinds of masks that the dataset has."""
        session = self.workspace.session
        if session is not None:
            used = " ".join(sorted(session.worklist.filter.mask_types or ()))
            self.ui.maskTypeCombo.blockSignals(True)
            self.ui.maskTypeCombo.setItemData(0, used)
            self.ui.maskTypeCombo.setCurrentIndex(0)
            self.ui.maskTypeCombo.blockSignals(False)
        self.refresh()

    def refresh(self) -> None:
        """Show the list as it is now."""
        session = self.workspace.session
        self._items = self._aboutOpen(session.worklist.items()) if session is not None else ()
        fillTable(self.ui.table, [_row(item) for item in self._items])
        for button in (self.ui.previousButton, self.ui.nextButton, self.ui.nextOpenButton):
            button.enabled = self.workspace.isOpen
        if session is None:
            self.ui.progressLabel.text = ""
            return
        self._select(session)
        done, total = session.worklist.progress()
        self.ui.progressLabel.text = _("{done} of {total} done").format(done=done, total=total)

    def _aboutOpen(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        session, keys = self.workspace.requireSession(), [item.key for item in items]
        here = keys.index(session.item.key) if self.workspace.isOpen and session.item.key in keys else 0
        first = max(0, min(here - ROWS // 2, len(items) - ROWS))
        return items[first : first + ROWS]

    def _select(self, session: ReviewSession) -> None:
        keys = [item.key for item in self._items]
        if self.workspace.isOpen and session.item.key in keys:
            self.ui.table.selectRow(keys.index(session.item.key))

    def _fillChoices(self) -> None:
        finished = " ".join(sorted(FINISHED))
        choices = (
            (_("All"), ""),
            (_("To do"), "todo proposed draft flagged"),
            (_("In progress"), "draft"),
            (_("Flagged"), "flagged"),
            (_("Done"), finished),
        )
        for text, statuses in choices:
            self.ui.filterCombo.addItem(text, statuses)
        self.ui.maskTypeCombo.addItem(_("Masks of the dataset"), "")
        for name in mask_types():
            self.ui.maskTypeCombo.addItem(name, name)


def _row(item: Item) -> tuple[str, ...]:
    who = f" {item.rater}" if item.rater else ""
    risk = "" if item.risk is None else f"{item.risk:.2f}"
    minutes, seconds = divmod(round(item.seconds), 60)
    time = f"{minutes}:{seconds:02d}" if item.seconds else ""
    return item.case.key, item.mask_type.name, f"{SYMBOLS.get(item.status, '')} {item.status}{who}", risk, time
