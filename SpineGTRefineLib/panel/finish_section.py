"""Section Finish: what the rater thinks of the mask, and the way to the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from slicer.i18n import tr as _

from ..review.saving import NotAcceptableError
from .section import Section

GRADES = 5


class FinishSection(Section):
    """Takes note, grade and marks; saves, flags, excludes."""

    UI = "Finish.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        words = (_("very good"), _("good"), _("usable"), _("poor"), _("unusable"))
        self.ui.gradeCombo.addItems([_("no grade"), *(f"{n} {word}" for n, word in enumerate(words, start=1))])
        self.ui.noteEdit.connect("editingFinished()", self.takeNote)
        self.ui.noteEdit.connect("returnPressed()", lambda: self.ui.noteEdit.clearFocus())
        self.ui.gradeCombo.connect("currentIndexChanged(int)", self.onGrade)
        self.ui.verifyCheck.connect("clicked(bool)", self.onVerify)
        self.onClick(self.ui.saveButton, self.saveAndNext)
        self.onClick(self.ui.insistButton, lambda: self.saveAndNext(insist=True))
        self.onClick(self.ui.flagButton, self.flagAndNext)
        self.onClick(self.ui.draftButton, self.saveDraft)
        self.onClick(self.ui.excludeButton, self.exclude)
        self.workspace.caseOpened.connect(self.onOpened)
        self.workspace.caseClosed.connect(self.update)
        self.workspace.stateChanged.connect(lambda state: self.update())
        self.workspace.edited.connect(self.onEdited)
        self.workspace.structureChosen.connect(lambda key: self.showMarks())

    def saveAndNext(self, *, insist: bool = False) -> None:
        """Accept the mask and open the next one to do; what stands against it is listed instead."""
        session = self.workspace.requireSession()
        self.takeNote()
        try:
            saved = session.save(insist=insist)
        except NotAcceptableError as error:
            self.ui.insistButton.setVisible(True)
            text = _("Not accepted: {reasons} Correct it, flag it, or accept it in spite of that.")
            self.workspace.say("error", text.format(reasons=" ".join(error.reasons)))
            return
        message = _("Saved as {status}: {voxels} voxels changed. {file}").format(
            status=saved.status, voxels=saved.difference.changed_voxels, file=saved.path.name
        )
        self._goOn(message)

    def flagAndNext(self) -> None:
        """Save the mask for somebody to look at again; the note says why, else the problems do."""
        session = self.workspace.requireSession()
        self.takeNote()
        reasons = [session.bench.note] if session.bench.note else [problem.message for problem in session.problems()]
        session.flag(reasons)
        self._goOn(_("Flagged."))

    def saveDraft(self) -> None:
        """Keep the edits now."""
        session = self.workspace.requireSession()
        self.takeNote()
        session.keep_draft()
        self.ui.draftLabel.text = _("draft kept {time}").format(time=f"{datetime.now():%H:%M:%S}")

    def exclude(self) -> None:
        """Leave the case out; the note says why."""
        session = self.workspace.requireSession()
        self.takeNote()
        session.exclude(session.bench.note)
        self._goOn(_("Excluded."))

    def focusNote(self) -> None:
        """Let the rater type a note."""
        self.ui.noteEdit.setFocus()

    def takeNote(self) -> None:
        """Hand the note over."""
        session = self.workspace.session
        if session is not None and self.workspace.canEdit and self.ui.noteEdit.text != session.bench.note:
            session.bench.remark(note=self.ui.noteEdit.text)

    def onGrade(self, index: int) -> None:
        """Hand the grade over; the first entry takes it back."""
        session = self.workspace.session
        if session is not None and self.workspace.canEdit and (session.bench.grade or 0) != index:
            session.bench.remark(grade=index)

    def onVerify(self, checked: bool) -> None:  # noqa: FBT001 (a slot)
        """Vouch for the selected structure, or take that back."""
        session, key = self.workspace.session, self.workspace.structure
        if session is None or not key or not self.workspace.canEdit:
            return
        act: Callable[[list[str]], None] = session.bench.verify if checked else session.bench.unverify
        self.attempt(lambda: act([key]))
        self.showMarks()

    def onOpened(self) -> None:
        """Show what was said about this mask before."""
        bench = self.workspace.requireSession().bench
        self.ui.noteEdit.text = bench.note
        self.ui.gradeCombo.blockSignals(True)
        self.ui.gradeCombo.currentIndex = bench.grade or 0
        self.ui.gradeCombo.blockSignals(False)
        self.ui.draftLabel.text = ""
        self.ui.insistButton.setVisible(False)
        self.update()

    def onEdited(self) -> None:
        """Take the objections back, and look which marks still hold."""
        self.ui.insistButton.setVisible(False)
        self.showMarks()

    def showMarks(self) -> None:
        """Show what is vouched for."""
        session, key = self.workspace.session, self.workspace.structure
        if session is None or not self.workspace.isOpen:
            self.ui.verifyCheck.enabled = False
            self.ui.verifiedLabel.text = ""
            return
        marks = self.workspace.marks()
        self.ui.verifyCheck.enabled = self.workspace.canEdit and bool(key)
        self.ui.verifyCheck.checked = key in marks.structures
        text = _("Vouched for: {structures} structures, {slices} slices")
        some = bool(marks.structures or marks.slices)
        counted = text.format(structures=len(marks.structures), slices=len(marks.slices))
        self.ui.verifiedLabel.text = counted if some else _("nothing vouched for yet")

    def update(self) -> None:
        """Enable what can be done now."""
        can = self.workspace.canEdit
        ui = self.ui
        for widget in (ui.noteEdit, ui.gradeCombo, ui.saveButton, ui.flagButton, ui.draftButton, ui.excludeButton):
            widget.enabled = can
        self.showMarks()

    def _goOn(self, message: str) -> None:
        if not self.workspace.openNext():
            message = _("{message} Nothing is left to do in this list.").format(message=message)
        self.workspace.say("good", message)
