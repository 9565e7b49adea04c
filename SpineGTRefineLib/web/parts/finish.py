"""What the rater thinks of the mask, and the way to the next one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from ...bids.locks import STALE_AFTER_S
from ...review.saving import NotAcceptableError
from .part import Part

GRADES = ("no grade", "1 very good", "2 good", "3 usable", "4 poor", "5 unusable")

NOT_TAKEN_OVER = (
    f"Its holder is still at work. It can be taken over {STALE_AFTER_S / 60:.0f} minutes after their last sign of life."
)


class FinishPart(Part):
    """Takes note, grade and marks; saves, flags, excludes."""

    START: ClassVar[dict[str, Any]] = {
        "is_open": False,
        "can_edit": False,
        "case_title": "",
        "case_kind": "",
        "origin": "",
        "note": "",
        "grade": GRADES[0],
        "grades": list(GRADES),
        "objections": [],
        "draft_text": "",
        "verified_text": "",
        "dirty": False,
        "asking": None,
    }

    def set_up(self) -> None:
        """Follow note and grade."""
        self.state.change("note", "grade")(lambda **_: self._remark())
        self.station.opened.connect(self._on_opened)
        self.station.session.changed.connect(self._take_objections_back)

    def save_and_next(self, *, insist: bool = False) -> None:
        """Accept the mask and open the next one to do; what stands against it is listed instead."""
        self.state.objections = []
        self._remark()
        try:
            saved = self.station.session.save(insist=insist)
        except NotAcceptableError as error:
            self.state.objections = list(error.reasons)
            self.station.say("info", "Not accepted: correct it, flag it, or accept it in spite of that.")
            return
        self._go_on(f"Saved as {saved.status}: {saved.difference.changed_voxels} voxels changed in {saved.path.name}.")

    def flag_and_next(self) -> None:
        """Save the mask for somebody to look at again; the note says why, else the problems do."""
        session = self.station.session
        self._remark()
        session.flag([session.bench.note] if session.bench.note else [p.message for p in session.problems()])
        self._go_on("Flagged.")

    def keep_draft(self) -> None:
        """Keep the edits now."""
        self._remark()
        self.station.session.keep_draft()
        self.state.draft_text = f"draft kept {datetime.now():%H:%M:%S}"

    def exclude(self) -> None:
        """Leave the case out; the note says why."""
        self._remark()
        self.station.session.exclude(self.station.session.bench.note)
        self._go_on("Excluded.")

    def give_up(self) -> None:
        """Throw the unsaved edits away and open the mask as it was saved."""
        self.station.session.give_up_edits()
        self.station.session.viewed()
        self.station.opened.emit()
        self.station.say("info", "The mask is as it was saved.")

    def take_over(self) -> None:
        """Take the mask from somebody who gave no sign of life for a while; say so where that was not long enough."""
        self.station.open(self.station.session.item, take_over=True)
        if not self.station.can_edit:
            self.station.say("info", NOT_TAKEN_OVER)

    def verify(self, key: str = "") -> None:
        """Vouch for a structure (none: the selected one), or take that back."""
        key, bench = key or self.station.structure, self.station.session.bench
        if key and self.station.can_edit:
            (bench.unverify if key in bench.verified.structures else bench.verify)([key])

    def update(self) -> None:
        """Show what is open and what can be done with it."""
        station, state = self.station, self.state
        state.is_open, state.can_edit = station.is_open, station.can_edit
        if not station.is_open:
            state.update({"case_title": "", "case_kind": "", "origin": "", "verified_text": "", "dirty": False})
            return
        session = station.session
        state.case_title, state.case_kind = session.item.case.key, session.item.mask_type.name
        state.origin = str(session.origin)
        state.dirty = session.bench.is_dirty
        state.verified_text = f"{len(session.bench.verified.structures)} vouched for"

    def _on_opened(self) -> None:
        self.state.objections, self.state.draft_text = [], ""
        if self.station.is_open:
            bench = self.station.session.bench
            self.state.note, self.state.grade = bench.note, GRADES[bench.grade or 0]

    def _remark(self) -> None:
        if not self.station.can_edit:
            return
        bench = self.station.session.bench
        grade = GRADES.index(self.state.grade)
        note = self.state.note or ""
        if note != bench.note or grade != (bench.grade or 0):
            bench.remark(note=note, grade=grade)

    def _take_objections_back(self) -> None:
        self.state.objections = []

    def _go_on(self, message: str) -> None:
        if self.station.open_next():
            self.station.say("good", message)
        else:
            self.station.session.close()  # the page then says what to do with all the work
            self.station.say("finished", f"{message} Nothing is left to do in this list.")
