"""The part of the section Models that shows the queue: what waits, what runs and how far, how each run ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from ..engine import State
from ..recipes.definition import recipe
from ..review.run_board import Run, RunBoard
from .section import fillTable, stretchColumn

if TYPE_CHECKING:
    from .model_section import ModelSection

POLL_MS = 200
ROWS = 300
"""Rows that are shown; the rest is counted."""

SIGNS = {
    State.QUEUED: "\u25cb",
    State.SENT: "\u25cb",
    State.RUNNING: "\u25b6",
    State.SAVING: "\u25b6",
    State.DONE: "\u2714",
    State.FAILED: "\u2716",
    State.CANCELLED: "\u2298",
}
"""A sign for each state, beside its word."""


class RunList:
    """Shows the runs of the session and lets the user end them.

    Parameters
    ----------
    section
        Whose widgets these are.
    """

    def __init__(self, section: ModelSection) -> None:
        self.ui = section.ui
        self.workspace = section.workspace
        self._board: RunBoard | None = None
        self._runs: tuple[Run, ...] = ()
        self._rows: list[tuple[str, str, str]] = []
        self._doneBefore = 0
        stretchColumn(self.ui.runTable, 0)
        section.onClick(self.ui.cancelButton, self.cancelCurrent)
        section.onClick(self.ui.removeRunButton, self.remove)
        section.onClick(self.ui.cancelAllButton, self.cancelAll)
        # A job that begins says nothing, so while there are any they are looked at.
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self.show)

    def follow(self) -> None:
        """Show the runs of the session that is open now."""
        session = self.workspace.session
        board = session.runs if session is not None else None
        if board is not self._board:
            if self._board is not None:
                self._board.changed.disconnect(self.onChanged)
            if board is not None:
                board.changed.connect(self.onChanged)
            self._board, self._doneBefore = board, 0
            self.show()

    def onChanged(self) -> None:
        """Look soon: many tiles may tell of themselves at once."""
        if not self._timer.isActive():
            self._timer.start()

    def cancelCurrent(self) -> None:
        """End the run that the worker is at."""
        run = self._board.current if self._board is not None else None
        if run is not None:
            self.workspace.requireSession().cancel(run.ticket)
            self.ui.stageLabel.text = _("being cancelled")

    def cancelAll(self) -> None:
        """End all runs."""
        self.workspace.requireSession().cancel_all()
        self.show()

    def remove(self) -> None:
        """Take the selected run off the list; one that has not ended is cancelled."""
        row = self.ui.runTable.currentRow()
        if self._board is None or not 0 <= row < len(self._runs):
            self.workspace.say("info", _("Select a run first."))
            return
        run = self._runs[row]
        if not run.has_ended:
            self.workspace.requireSession().cancel(run.ticket)
        self._board.forget(run)
        self.show()

    def show(self) -> None:
        """Show the list as it is now."""
        board = self._board
        self._runs = board.runs[-ROWS:] if board is not None else ()
        rows = [(run.item.case.key, recipe(run.recipe).mask_type.name, _state(run)) for run in self._runs]
        if rows != self._rows:
            self._rows = rows
            fillTable(self.ui.runTable, rows)
        self.ui.runTable.setVisible(bool(rows))
        unfinished = len(board.unfinished) if board is not None else 0
        self._showCurrent(board.current if board is not None else None)
        self.ui.queueLabel.text = _("{count} to go").format(count=unfinished) if unfinished else ""
        self.ui.cancelButton.enabled = self.ui.cancelAllButton.enabled = unfinished > 0
        self.ui.removeRunButton.enabled = bool(rows)
        self._tellOfResults()
        if not unfinished:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def _showCurrent(self, run: Run | None) -> None:
        if run is None:
            last = self._runs[-1] if self._runs else None
            self.ui.progressBar.value = 100 if last is not None and last.state is State.DONE else 0
            self.ui.stageLabel.text = _state(last) if last is not None else ""
            return
        progress = run.progress
        self.ui.progressBar.value = round(100 * progress.fraction) if progress is not None else 0
        self.ui.stageLabel.text = _stage(run)

    def _tellOfResults(self) -> None:
        """Let the worklist show what models have made of other cases."""
        done = sum(run.state is State.DONE for run in self._runs)
        if done != self._doneBefore and self._board is not None:
            self._doneBefore = done
            self.workspace.requireSession().worklist.refresh()
            self.workspace.listChanged.emit()


def _stage(run: Run) -> str:
    if run.ticket.cancelled_at is not None:
        return str(_("being cancelled"))
    progress = run.progress
    if progress is None:
        return str(_("waiting"))
    tiles = f" {progress.tile}/{progress.tiles}" if progress.tiles else ""
    left = "" if progress.eta_s is None else _(", {seconds} s left").format(seconds=round(progress.eta_s))
    return f"{progress.stage}{tiles}{left}"


def _state(run: Run) -> str:
    words = {
        State.QUEUED: _("waiting"),
        State.SENT: _("waiting"),
        State.RUNNING: _("running"),
        State.SAVING: _("saving"),
        State.DONE: _("done"),
        State.FAILED: _("failed"),
        State.CANCELLED: _("cancelled"),
    }
    why = f": {run.ticket.error}" if run.state is State.FAILED and run.ticket.error is not None else ""
    return f"{SIGNS[run.state]} {words[run.state]}{why}"
