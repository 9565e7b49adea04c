"""Section Edit: Slicer's segment editor on the open mask, undo that says what it undoes, structures to add."""

from __future__ import annotations

from slicer.i18n import tr as _

from ..anatomy import LabelEntry
from ..checks import Problem
from ..review.operations import addable_structures
from ..review.state import SessionState
from ..scene.editor import SceneEditor
from ..scene.outside import voxels_outside
from ..scene.status import show_statuses
from ..scene.views import center_of
from .section import Section
from .segment_editor import SegmentEditor, WidgetHistory


class EditorSection(Section):
    """Embeds the segment editor."""

    UI = "Editor.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self.editor = SegmentEditor(self.ui.editor, self.workspace.scene.mrml)
        self._addable: tuple[LabelEntry, ...] = ()
        self.ui.editor.connect("currentSegmentIDChanged(QString)", self.onSegment)
        self.onClick(self.ui.undoButton, self.undo)
        self.onClick(self.ui.redoButton, self.redo)
        self.onClick(self.ui.addButton, self.addStructure)
        self.workspace.useHistory(lambda case: WidgetHistory(self.ui.editor, case))
        self.workspace.caseOpened.connect(self.onOpened)
        self.workspace.caseClosed.connect(self.onClosed)
        self.workspace.stateChanged.connect(self.onState)
        self.workspace.edited.connect(self.onEdited)
        self.workspace.structureChosen.connect(self.onStructure)
        self.workspace.problemsChanged.connect(self.onProblems)
        self.workspace.unsavable.connect(self.askOutside)
        self.onClick(self.ui.eraseOutsideButton, self.eraseOutside)
        self.onClick(self.ui.leaveOutsideButton, lambda: self._showQuestion(""))

    def enter(self) -> None:
        """Take the keys of the editor."""
        self.editor.enter()

    def exit(self) -> None:
        """Give them back: on other pages they would act out of sight."""
        self.editor.exit()

    def undo(self) -> None:
        """Undo the last step and say what it was."""
        text = self.workspace.requireSession().undo()
        self.workspace.say("info", _("Undone: {what}.").format(what=text) if text else _("Nothing to undo."))

    def redo(self) -> None:
        """Do the last undone step again and say what it was."""
        text = self.workspace.requireSession().redo()
        self.workspace.say("info", _("Done again: {what}.").format(what=text) if text else _("Nothing to redo."))

    def addStructure(self) -> None:
        """Add an empty structure and select it."""
        case = self.workspace.view.case
        if case is None or not self._addable:
            return
        entry = self._addable[self.ui.addCombo.currentIndex]
        self.ui.editor.saveStateForUndo()
        segmentId = case.segmentation.add_segment(entry.value)
        self.ui.editor.updateWidgetFromMRML()
        self.ui.editor.setCurrentSegmentID(segmentId)

    def toggleSphere(self) -> None:
        """Brush in the slice, or a ball."""
        isSphere = self.editor.toggleSphere()
        self.workspace.say("info", _("The brush is a ball.") if isSphere else _("The brush is flat."))

    def jumpToStructure(self) -> None:
        """Show the middle of the selected structure."""
        session = self.workspace.requireSession()
        if self.workspace.structure:
            labels = session.bench.labels()
            place = center_of(labels, labels.scheme.value_of(self.workspace.structure))
            if place is not None:
                self.workspace.view.jump_to(place)

    def askOutside(self) -> None:
        """Ask what to do with voxels outside the image, for which a mask file has no room."""
        case = self.workspace.view.case
        found = voxels_outside(case.segmentation) if case is not None and self.workspace.canEdit else {}
        if found:
            text = _("{count} voxels lie outside the image ({names}); a mask has no room for them. Erase them?")
            self._showQuestion(text.format(count=sum(found.values()), names=", ".join(found)))

    def eraseOutside(self) -> None:
        """Erase them, since the rater said so."""
        session = self.workspace.requireSession()
        editor = session.bench.editor
        if isinstance(editor, SceneEditor):
            count = editor.erase_outside()
            session.painted()
            self.workspace.say("good", _("{count} voxels were erased. Ctrl+Z undoes it.").format(count=count))
        self._showQuestion("")

    def onProblems(self, problems: tuple[Problem, ...]) -> None:
        """Mark in the segment table what is edited, wrong, vouched for."""
        session = self.workspace.session
        if session is None or not self.workspace.canEdit or not isinstance(session.bench.editor, SceneEditor):
            return
        self._showQuestion("")
        marks, start = self.workspace.marks(), session.bench.loaded.start.labels
        show_statuses(session.bench.editor, start, verified=marks.structures, problems=problems)

    def onOpened(self) -> None:
        """Edit the new case."""
        case = self.workspace.view.case
        if case is not None:
            self.editor.show(case, readOnly=not self.workspace.canEdit)
            self.onSegment(self.ui.editor.currentSegmentID())
        self.onEdited()

    def onClosed(self) -> None:
        """Let go of the case before its nodes go."""
        self.editor.clear()
        self._showQuestion("")
        self.workspace.choose("")
        self._addable = ()
        self.onEdited()

    def onState(self, state: SessionState) -> None:
        """Allow editing only where it can be saved."""
        if state in (SessionState.EDITING, SessionState.VIEWING):
            self.editor.setReadOnly(readOnly=state is SessionState.VIEWING)

    def onEdited(self) -> None:
        """Say what can be undone, and list what can be added."""
        canEdit = self.workspace.canEdit
        session = self.workspace.session
        editor = session.bench.editor if session is not None and self.workspace.isOpen else None
        self.ui.undoButton.enabled = canEdit and editor is not None and bool(editor.undo_text)
        self.ui.redoButton.enabled = canEdit and editor is not None and bool(editor.redo_text)
        self.ui.undoLabel.text = _("Undo: {what}").format(what=editor.undo_text) if editor and editor.undo_text else ""
        self._listAddable()

    def onSegment(self, segmentId: str) -> None:
        """Tell the other sections which structure is selected."""
        case = self.workspace.view.case
        self.workspace.choose(case.segmentation.key_of(segmentId) if case is not None else "")

    def onStructure(self, key: str) -> None:
        """Select the structure that another section chose."""
        case = self.workspace.view.case
        if case is None or not key or not case.segmentation.original.scheme.has(key):
            return
        value = case.segmentation.original.scheme.value_of(key)
        for segmentId, known in case.segmentation.values.items():
            if known == value and segmentId != self.ui.editor.currentSegmentID():
                self.ui.editor.setCurrentSegmentID(segmentId)

    def _showQuestion(self, text: str) -> None:
        self.ui.outsideLabel.text = text
        for widget in (self.ui.outsideLabel, self.ui.eraseOutsideButton, self.ui.leaveOutsideButton):
            widget.setVisible(bool(text))

    def _listAddable(self) -> None:
        case = self.workspace.view.case
        if case is None or not self.workspace.canEdit:
            entries: tuple[LabelEntry, ...] = ()
        else:
            present = set(case.segmentation.values.values())
            entries = tuple(e for e in addable_structures(case.segmentation.original) if e.value not in present)
        if entries != self._addable or not entries:
            self._addable = entries
            self.ui.addCombo.clear()
            self.ui.addCombo.addItems([entry.name for entry in entries])
        self.ui.addCombo.enabled = self.ui.addButton.enabled = bool(entries)
