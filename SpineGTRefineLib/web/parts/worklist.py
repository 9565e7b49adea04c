"""The worklist: what there is to do, what was done, and the way from mask to mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

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
OF_DATASET = "Masks of the dataset"


class WorklistPart(Part):
    """Lists masks and goes from one to the next."""

    START: ClassVar[dict[str, Any]] = {
        "rows": [],
        "row_key": "",
        "progress": "",
        "filter_status": "All",
        "filter_kind": OF_DATASET,
        "filter_text": "",
        "statuses": list(STATUSES),
        "kinds": [OF_DATASET],
    }

    def set_up(self) -> None:
        """Follow the filters."""
        kinds = self.station.session.worklist.filter.mask_types
        self._used = kinds
        self.state.kinds = [OF_DATASET, *sorted(kinds or ())]
        self.state.change("filter_status", "filter_kind", "filter_text")(lambda **_: self.filter())

    def filter(self) -> None:
        """List what the filters let through."""
        worklist, kind = self.station.session.worklist, self.state.filter_kind
        worklist.filter = replace(
            worklist.filter,
            statuses=STATUSES[self.state.filter_status],
            mask_types=self._used if kind == OF_DATASET else frozenset({kind}),
            text=self.state.filter_text or "",
        )
        self.update()

    def go(self, case: str, kind: str) -> None:
        """Open the mask of a row."""
        self.station.open(self.station.session.worklist.item((case, kind)))

    def step(self, by: int) -> None:
        """Open the neighbor of the open mask, done or not."""
        session = self.station.session
        item = session.worklist.neighbor(session.item.key, by)
        if item is None:
            self.station.say("info", "This is the end of the list.")
        else:
            self.station.open(item)

    def next_to_do(self) -> None:
        """Open the next mask that nobody has finished."""
        session = self.station.session
        self.station.open(session.worklist.next_to_do(session.item.key))

    def previous_to_do(self) -> None:
        """Open the mask before this one that nobody has finished."""
        session = self.station.session
        items = session.worklist.items()
        keys = [item.key for item in items]
        here = keys.index(session.item.key) if session.item.key in keys else len(keys)
        self.station.open(next((item for item in reversed(items[:here]) if item.is_open), None))

    def update(self) -> None:
        """Show the list as it is now."""
        session = self.station.session
        self.state.rows = [_row(item) for item in session.worklist.items()[:ROWS]]
        self.state.row_key = "/".join(session.item.key) if self.station.is_open else ""
        done, total = session.worklist.progress()
        self.state.progress = f"{done} of {total} done"


def _row(item: Item) -> dict[str, Any]:
    minutes, seconds = divmod(round(item.seconds), 60)
    return {
        "id": "/".join(item.key),
        "case": item.case.key,
        "kind": item.mask_type.name,
        "status": item.status,
        "icon": ICONS.get(item.status, "mdi-circle-outline"),
        "rater": item.rater,
        "risk": "" if item.risk is None else f"{item.risk:.2f}",
        "time": f"{minutes}:{seconds:02d}" if item.seconds else "",
    }
