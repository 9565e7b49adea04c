"""Section Check: what is suspicious in the open mask; one key goes to the next place."""

from __future__ import annotations

import qt
from slicer.i18n import tr as _

from ..anatomy import structure
from ..checks import Problem, check_labels
from ..errors import RefineError, UsageError
from .section import LoadUi, Section, fillTable, stretchColumn
from .workspace import Workspace

PAUSE_MS = 700
"""How long the mask must rest before it is checked again."""

SIGNS = {"error": "\u2716", "warning": "\u25b2", "info": "\u2139"}


class ProblemSection(Section):
    """Lists problems and goes to their places."""

    UI = "Problems.ui"

    def __init__(self, workspace: Workspace, loadUi: LoadUi) -> None:
        self._problems: tuple[Problem, ...] = ()
        self._current = -1
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        super().__init__(workspace, loadUi)

    def setUp(self) -> None:
        """Connect the widgets."""
        stretchColumn(self.ui.problemTable, 2)
        self._words = {"error": _("error"), "warning": _("warning"), "info": _("remark")}
        self._timer.connect("timeout()", self.check)
        self.onClick(self.ui.previousProblemButton, lambda: self.step(-1))
        self.onClick(self.ui.nextProblemButton, lambda: self.step(1))
        self.ui.problemTable.connect("cellClicked(int,int)", lambda row, _column: self.go(row))
        self.workspace.edited.connect(lambda: self._timer.start())
        self.workspace.caseClosed.connect(lambda: self.show(()))
        self.workspace.caseOpened.connect(self.onOpened)
        self.workspace.problemsChanged.connect(self.show)

    def onOpened(self) -> None:
        """Begin at the first problem of the new mask."""
        self._current = -1

    def step(self, by: int) -> None:
        """Go to the next or previous problem, around the end of the list."""
        if not self.workspace.isOpen:
            raise UsageError(_("No mask is open."), _("Open one from the worklist."))
        if not self._problems:
            self.workspace.say("good", _("The check finds nothing to look at."))
            return
        start = self._current if self._current >= 0 or by > 0 else 0
        self.go((start + by) % len(self._problems))

    def go(self, row: int) -> None:
        """Show the place of a problem and select its structure."""
        self._current = row
        problem = self._problems[row]
        self.ui.problemTable.selectRow(row)
        self.ui.remedyLabel.text = problem.remedy
        if problem.structure is not None:
            self.workspace.choose(problem.structure)
        if problem.position is not None:
            self.workspace.view.jump_to(problem.position)

    def check(self) -> None:
        """Look at the mask again, on another thread."""
        session = self.workspace.session
        if session is None or not self.workspace.isOpen:
            return
        bench = session.bench
        try:
            labels, revision = bench.labels(), bench.editor.revision
        except RefineError as error:  # drawn outside the image, two structures in one voxel ...
            self.ui.remedyLabel.text = str(error)
            self.workspace.unsavable.emit()
            return
        canal, cord = session.outlines.get("canal"), session.outlines.get("cord")

        def onDone(problems: tuple[Problem, ...]) -> None:
            if self.workspace.isOpen and session.bench is bench and bench.editor.revision == revision:
                self.workspace.problemsChanged.emit(problems)

        self.workspace.gui.inBackground(
            lambda: check_labels(labels, canal, cord), onDone, lambda error: self.workspace.say("error", str(error))
        )

    def show(self, problems: tuple[Problem, ...]) -> None:
        """List problems."""
        if problems == self._problems and problems:
            self.ui.remedyLabel.text = problems[self._current].remedy if self._current >= 0 else ""
            return
        self._problems = problems
        self._current = min(self._current, len(problems) - 1)
        fillTable(self.ui.problemTable, [self._row(problem) for problem in problems])
        self.ui.problemTable.resizeRowsToContents()
        for button in (self.ui.previousProblemButton, self.ui.nextProblemButton):
            button.enabled = bool(problems)
        self.ui.remedyLabel.text = ""
        self.ui.countLabel.text = self._summary() if self.workspace.isOpen else ""

    def _row(self, problem: Problem) -> tuple[str, str, str]:
        name = structure(problem.structure).name if problem.structure else _("whole mask")
        return f"{SIGNS[problem.severity]} {self._words[problem.severity]}", name, problem.message

    def _summary(self) -> str:
        if not self._problems:
            return str("\u2714 " + _("Nothing suspicious."))
        count = [sum(problem.severity == kind for problem in self._problems) for kind in SIGNS]
        text = _("Errors: {errors}, warnings: {warnings}, remarks: {remarks}")
        return str(text.format(errors=count[0], warnings=count[1], remarks=count[2]))
