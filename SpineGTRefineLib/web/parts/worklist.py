"""The worklist: what there is to do, what was done, and the way from mask to mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ...errors import RefineError
from ...review.worklist import FINISHED, Item
from .part import Part

ROWS = 300
"""Rows that are shown; a longer list is narrowed by the filters."""

STATUSES: dict[str, frozenset[str] | None] = {
    "All": None,
    "To do": frozenset({"todo", "proposed", "draft", "flagged"}),
    "In progress": frozenset({"draft"}),
    "Flagged": frozenset({"flagged"}),
    "Done": frozenset(FINISHED),
}
ICONS = {
    "todo": "mdi-circle-outline",
    "proposed": "mdi-circle-slice-2",
    "draft": "mdi-pencil",
    "corrected": "mdi-check",
    "accepted-unchanged": "mdi-check",
    "flagged": "mdi-flag",
    "excluded": "mdi-close",
}
WORDS = {"todo": "to do", "accepted-unchanged": "accepted as it was"}
ALL_KINDS = "all kinds"
IDLE = {
    "empty": {
        "icon": "mdi-folder-open-outline",
        "title": "There is nothing to review here",
        "text": "The station shows the images of a BIDS dataset (sub-01/anat/sub-01_T2w.nii.gz) and found none. "
        "Look at what is there with",
        "command": "spine-gt-refine index DATASET",
    },
    "done": {
        "icon": "mdi-check-all",
        "title": "Everything in this list is done",
        "text": "Choose a mask from the worklist to look at it again, or hand the masks over with",
        "command": "spine-gt-refine publish DATASET --to derivatives/labels",
    },
    "filtered": {
        "icon": "mdi-filter-outline",
        "title": "No mask fits the filters",
        "text": "Choose other masks or another status on the left, or empty the search.",
        "command": "",
    },
    "closed": {
        "icon": "mdi-cursor-default-click-outline",
        "title": "No mask is open",
        "text": "Choose one from the worklist.",
        "command": "",
    },
}
"""What stands in the place of the views while no mask is open."""


class WorklistPart(Part):
    """Lists masks and goes from one to the next."""

    START: ClassVar[dict[str, Any]] = {
        "rows": [],
        "row_key": "",
        "progress": "",
        "filter_status": "All",
        "done": 0,
        "total": 0,
        "no_rows": "",
        "failure": None,
        "idle": IDLE["closed"],
        "filter_kind": ALL_KINDS,
        "filter_text": "",
        "statuses": list(STATUSES),
        "kinds": [ALL_KINDS],
    }

    def set_up(self) -> None:
        """Follow the filters."""
        kinds = self.station.session.worklist.filter.mask_types
        self._used = kinds
        self.state.kinds = [ALL_KINDS, *sorted(kinds or ())]
        self.station.failed.connect(self._on_failed)
        self.station.session.loaded.connect(lambda _: self.state.update({"failure": None}))
        self.state.change("filter_status", "filter_kind", "filter_text")(lambda **_: self.filter())

    def filter(self) -> None:
        """List what the filters let through."""
        worklist, kind = self.station.session.worklist, self.state.filter_kind
        worklist.filter = replace(
            worklist.filter,
            statuses=STATUSES[self.state.filter_status],
            mask_types=self._used if kind == ALL_KINDS else frozenset({kind}),
            text=self.state.filter_text or "",
        )
        self.update()

    def go(self, case: str, kind: str) -> None:
        """Open the mask of a row."""
        self.station.open(self.station.session.worklist.item((case, kind)))

    def again(self) -> None:
        """Try once more to open what could not be opened."""
        self.station.open(self.station.session.asked)

    def step(self, by: int) -> None:
        """Open the neighbor of the open mask, done or not."""
        self._open(self.station.session.worklist.neighbor(self._here, by), "This is the end of the list.")

    def next_to_do(self) -> None:
        """Open the next mask that nobody has finished."""
        item = self.station.session.worklist.next_to_do(self._here)
        self._open(item, "No other mask is left to do in this list.")

    def previous_to_do(self) -> None:
        """Open the mask before this one that nobody has finished."""
        item = self.station.session.worklist.previous_to_do(self._here)
        self._open(item, "No mask before this one is left to do.")

    def update(self) -> None:
        """Show the list as it is now."""
        state, worklist = self.state, self.station.session.worklist
        items = worklist.items()
        state.rows = [_row(item) for item in items[:ROWS]]
        state.row_key = "/".join(self._here)
        state.done, state.total = worklist.progress()
        more = f"; the first {ROWS} are shown" if len(items) > ROWS else ""
        state.progress = f"{state.done} of {state.total} done{more}"
        idle = IDLE[self._why_idle()]
        state.idle, state.no_rows = idle, "" if items else f"{idle['title']}."

    @property
    def _here(self) -> tuple[str, str]:
        """Key of the mask that is open, or that could not be opened."""
        asked = self.station.session.asked
        return ("", "") if asked is None else asked.key

    def _open(self, item: Item | None, otherwise: str) -> None:
        if item is None:
            self.station.say("info", otherwise)
        else:
            self.station.open(item)

    def _why_idle(self) -> str:
        if not self.station.session.dataset.cases():
            return "empty"
        if not self.state.total:
            return "filtered"
        return "done" if self.state.done == self.state.total else "closed"

    def _on_failed(self, error: RefineError) -> None:
        item = self.station.session.asked
        what = "" if item is None else f"{item.case.key}, {item.mask_type.name}"
        self.state.failure = {"what": what, "cause": error.cause, "remedy": error.remedy}
        self.update()


def _row(item: Item) -> dict[str, Any]:
    minutes, seconds = divmod(round(item.seconds), 60)
    return {
        "id": "/".join(item.key),
        "case": item.case.key,
        "kind": item.mask_type.name,
        "status": WORDS.get(item.status, item.status),
        "icon": ICONS.get(item.status, "mdi-circle-outline"),
        "rater": item.rater,
        "risk": "" if item.risk is None else f"{item.risk:.2f}",
        "time": f"{minutes}:{seconds:02d}" if item.seconds else "",
        "hint": "time spent on it" if item.risk is None else "how likely it is wrong, 0 to 1",
    }
