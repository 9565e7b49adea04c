"""Keeps the draft of the open mask: what changed, by whom, since which saved mask."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..bids import Dataset
from ..errors import RefineError
from ..imaging import LabelMap
from .drafts import DraftInfo, DraftPlaces, draft_places
from .journal import DraftJournal
from .workbench import Workbench

SNAPSHOT_EVERY_S = 10.0
"""Shortest time between two snapshots of painted voxels: taking one may cost a front some milliseconds."""


class DraftKeeper:
    """Hands the voxels of the open mask to the journal.

    Parameters
    ----------
    dataset, rater
        Whose drafts.
    journal
        Writes them, on a thread of its own.
    clock
        Seconds that never run backwards.
    """

    def __init__(self, dataset: Dataset, rater: str, journal: DraftJournal, clock: Callable[[], float]) -> None:
        self._dataset = dataset
        self._rater = rater
        self._journal = journal
        self._clock = clock
        self._revision = 0
        self._noted_at = clock()

    def begin(self, bench: Workbench) -> None:
        """Take a mask that was just opened: there is nothing to keep yet."""
        self._remember(bench)

    def note(self, bench: Workbench, seconds: float) -> None:
        """Hand over the voxels and remarks as they are now; they are on disk within the journal's interval.

        Raises
        ------
        RefineError
            The voxels make no mask at the moment. What of them does was handed over before this is raised.
        """
        labels, problem = _as_far_as_possible(bench)
        info = DraftInfo(
            *bench.loaded.item.key,
            self._rater,
            time.time(),
            bench.based_on,
            bench.note,
            round(seconds, 1),
            bench.grade,
            bench.verified_in(labels).as_json(),
        )
        self._journal.note_change(self._places(bench), labels, info)
        self._remember(bench)
        if problem is not None:
            raise problem

    def note_if_due(self, bench: Workbench, seconds: float) -> None:
        """Hand over painted voxels, unless that was done a moment ago."""
        if bench.editor.revision != self._revision and self._clock() - self._noted_at >= SNAPSHOT_EVERY_S:
            self.note(bench, seconds)

    def write(self, bench: Workbench, seconds: float) -> None:
        """Write the draft of a mask with unsaved edits now; see :meth:`note` for the error."""
        if bench.is_dirty:
            try:
                self.note(bench, seconds)
            finally:
                self._journal.flush()

    def discard(self, bench: Workbench) -> None:
        """Delete the draft: the mask was saved, or the edits were given up."""
        self._journal.discard(self._places(bench))

    def end(self) -> None:
        """Write what waits and stop."""
        self._journal.close()

    def _places(self, bench: Workbench) -> DraftPlaces:
        return draft_places(self._dataset, *bench.loaded.item.key, self._rater)

    def _remember(self, bench: Workbench) -> None:
        self._revision = bench.editor.revision
        self._noted_at = self._clock()


def _as_far_as_possible(bench: Workbench) -> tuple[LabelMap, RefineError | None]:
    """Return the mask, or what can be rescued of it together with why it is not all."""
    try:
        return bench.labels(), None
    except RefineError as problem:
        return bench.editor.rescued(), problem
