"""The mask under edit with what belongs to it: undo, adopted proposals, marks, problems. Everything in memory."""

from __future__ import annotations

from collections.abc import Iterable

from ..checks import Problem
from ..errors import UsageError
from ..imaging import LabelDifference, LabelMap
from .editor import Editor
from .loading import LoadedCase
from .operations import Operation
from .problems import ProblemFinder
from .proposals import WHOLE, Proposal, Scope, adopted, compare
from .signal import Signal
from .verified import Verified

GRADES = range(1, 6)
"""Marks that a rater can give, best first."""


class Workbench:
    """One open mask.

    Parameters
    ----------
    loaded
        What was read.
    editor
        Holds the voxels.

    Attributes
    ----------
    changed : Signal
        Emitted after every change of voxels or remarks.
    note : str
        Free text about the case; set it through :meth:`remark`.
    viewed : bool
        Whether the rater looked at the mask.
    based_on : str
        SHA-256 of the saved mask that the edits build on; "" for none.
    proposals : list of Proposal
        What arrived for this mask, newest last.
    """

    def __init__(self, loaded: LoadedCase, editor: Editor) -> None:
        self.loaded = loaded
        self.editor = editor
        self.changed: Signal[[]] = Signal()
        self.viewed = False
        self.proposals: list[Proposal] = []
        start = loaded.start
        draft = start.draft.info if start.is_draft and start.draft else None
        self.note = draft.note if draft else loaded.item.note
        self.grade = start.grade if draft or start.grade is not None else loaded.item.grade
        self.based_on = start.based_on
        self._verified = start.verified
        self._adopted: tuple[Proposal, ...] = ()
        self._adopted_at: dict[str, tuple[Proposal, ...]] = {editor.state: ()}
        self._saved_revision = -1 if start.is_draft else editor.revision
        self._remarks_saved = True
        self._finder = ProblemFinder(loaded.outlines.get("canal"), loaded.outlines.get("cord"))
        self._finder.remember(start.labels, loaded.problems)

    # Voxels ----------------------------------------------------------------------------------------------------------

    def labels(self) -> LabelMap:
        """Return the voxels as they are now."""
        return self.editor.labels()

    def apply(self, operation: Operation) -> None:
        """Do an act, as one undo step; nothing happens if it changes no voxel.

        Raises
        ------
        RefineError
            The act makes no sense here; the mask is unchanged.
        """
        before = self.editor.revision
        self.editor.replace(operation.function(self.labels()), operation.text)
        if self.editor.revision != before:
            self.changed.emit()

    def adopt(self, proposal: Proposal, scope: Scope = WHOLE) -> None:
        """Take over a part of a proposal, as one undo step."""
        suggested = adopted(self.labels(), proposal, scope)
        self.follow()
        before = self.editor.revision
        self.editor.replace(suggested, f"adopt {scope.describe()} of {proposal.title}")
        if self.editor.revision != before:
            self._adopted = self._adopted_at[self.editor.state] = (*self._adopted, proposal)
            self.changed.emit()

    def compare(self, proposal: Proposal) -> LabelDifference:
        """Return, value by value, what adopting all of a proposal would change."""
        return compare(self.labels(), proposal)

    def undo(self) -> str:
        """Undo the last step and return its description; "" if there is none."""
        return self._told(self.editor.undo())

    def redo(self) -> str:
        """Do the last undone step again and return its description; "" if there is none."""
        return self._told(self.editor.redo())

    def follow(self) -> None:
        """Take note of voxels that changed in the editor itself: painted, or undone there past an adopted proposal.

        What is adopted belongs to the voxels: where they are again as they were, so is what was adopted then.
        """
        self._adopted = self._adopted_at.setdefault(self.editor.state, self._adopted)

    @property
    def adopted(self) -> tuple[Proposal, ...]:
        """Proposals of which parts are in the mask, each once."""
        self.follow()
        return tuple(dict.fromkeys(self._adopted))

    @property
    def is_dirty(self) -> bool:
        """Whether something would be lost if this were not saved."""
        return self.editor.revision != self._saved_revision or not self._remarks_saved

    def mark_saved(self, sha256: str | None = None) -> None:
        """Take what is there now as saved, in the mask with this hash; None where it was not written."""
        if sha256 is not None:
            self.based_on = sha256
        self._saved_revision = self.editor.revision
        self._remarks_saved = True
        self._adopted = ()
        self._adopted_at = {self.editor.state: ()}

    # Remarks ---------------------------------------------------------------------------------------------------------

    def remark(self, note: str | None = None, grade: int | None = None) -> None:
        """Write a note, give a grade (1, the best, to 5; 0 takes it back), or both; None leaves it as it is."""
        if grade is not None and grade not in (0, *GRADES):
            raise UsageError(f"A grade goes from 1 to 5; got {grade}.")
        self.note = self.note if note is None else note
        self.grade = self.grade if grade is None else grade or None
        self._tell_remark()

    def verify(self, structures: Iterable[str] = (), slices: Iterable[tuple[int, int]] = ()) -> None:
        """Vouch for structures and slices (axis, index) as they are now."""
        labels = self.labels()
        marks = self._verified.with_structures(labels, structures)
        for axis, index in slices:
            marks = marks.with_slices(labels, axis, [index])
        self._verified = marks
        self._tell_remark()

    def unverify(self, structures: Iterable[str] = (), slices: Iterable[tuple[int, int]] = ()) -> None:
        """Take marks back."""
        self._verified = self._verified.without(structures, slices)
        self._tell_remark()

    @property
    def verified(self) -> Verified:
        """Marks that still hold: the voxels they were made for are unchanged (undo makes them hold again)."""
        return self.verified_in(self.labels())

    def verified_in(self, labels: LabelMap) -> Verified:
        """Return the marks that hold in these voxels."""
        return self._verified.holding(labels)

    # Problems --------------------------------------------------------------------------------------------------------

    def problems(self) -> tuple[Problem, ...]:
        """Return what the checks say about the voxels as they are now, errors first."""
        return self._finder.problems(self.labels())

    def _told(self, text: str) -> str:
        self.follow()
        if text:
            self.changed.emit()
        return text

    def _tell_remark(self) -> None:
        self._remarks_saved = False
        self.changed.emit()
