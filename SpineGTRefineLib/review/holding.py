"""One mask at a time in a rater's hands: opened, held so that nobody overwrites it, drafted, closed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..bids import Dataset
from ..bids.tracks import Track
from ..errors import LockedError, RefineError, WriteError
from ..imaging import LabelMap
from .ahead import LookAhead
from .drafting import DraftKeeper
from .editor import Editor
from .journal import DraftJournal
from .lease import Custody
from .origin import Origin
from .overview import SessionOverview
from .state import SessionState
from .workbench import Workbench
from .worklist import Item, Worklist


class MaskHolder(SessionOverview):
    """The part of a :class:`~SpineGTRefineLib.review.session.ReviewSession` that opens, holds and closes masks.

    Parameters
    ----------
    dataset, track, worklist
        Who works on what.
    ahead
        Reads masks.
    editor_factory
        Makes the editor that holds the voxels.
    clock
        Seconds that never run backwards.
    deliver
        Runs a callback on the caller's thread.
    journal
        Writes the drafts.

    Attributes
    ----------
    asked : Item or None
        The mask that was opened last, also when it could not be opened.
    """

    def __init__(
        self,
        dataset: Dataset,
        track: Track,
        worklist: Worklist,
        ahead: LookAhead,
        *,
        editor_factory: Callable[[LabelMap], Editor],
        clock: Callable[[], float],
        deliver: Callable[[Callable[[], None]], None],
        journal: DraftJournal,
    ) -> None:
        super().__init__(dataset, track, worklist, clock)
        self._ahead = ahead
        self._editor_factory = editor_factory
        self._deliver = deliver
        self._custody = Custody(dataset, track, deliver)
        self._custody.lost.connect(self._lose_mask)
        journal.failed.connect(self._hear_of_lost_draft)
        self._drafts = DraftKeeper(dataset, track.rater, journal, clock)
        self.asked: Item | None = None

    def open(self, item: Item, *, take_over: bool = False) -> Origin:
        """Open a mask; the one that was open is closed, its unsaved edits are kept as a draft.

        If somebody else holds the mask, it can only be looked at (state ``VIEWING``).

        Parameters
        ----------
        item
            Which one.
        take_over
            Take it from somebody who gave no sign of life for a while.

        Returns
        -------
        Origin
            What it was read from.

        Raises
        ------
        RefineError
            It cannot be read; no mask is open then.
        """
        self.close()
        self.asked = item
        self._set_state(SessionState.OPENING)
        try:
            state = self._take(item, take_over=take_over)
            loaded = self._ahead.load(item)
            self.loaded.emit(loaded)
            self._bench = Workbench(loaded, self._editor_factory(loaded.start.labels))
        except BaseException:
            self._custody.give_back()
            self._set_state(SessionState.CLOSED)
            raise
        self._active.restart(loaded.start.seconds)
        self._drafts.begin(self._bench)
        self._bench.changed.connect(self._bench_changed)
        self._set_state(state)
        for note in loaded.notes:
            self.noticed.emit(note)
        self._ahead.prepare(item, self.worklist)
        return loaded.start.origin

    def open_first(self) -> Origin | None:
        """Open where the rater left off: the first mask to do; None if all is done."""
        item = self.worklist.first_to_do()
        return None if item is None else self.open(item)

    def open_next(self) -> Origin | None:
        """Open the next mask to do that nobody else holds; None if there is none."""
        here = self.item.key
        item = self.worklist.next_to_do(here)
        seen: set[tuple[str, str]] = {here}
        while item is not None and item.key not in seen:
            if self._custody.is_free(item):
                return self.open(item)
            seen.add(item.key)
            item = self.worklist.next_to_do(item.key)
        return None

    def close(self, *, insist: bool = False) -> None:
        """Close the open mask, if any; unsaved edits are kept as a draft and offered at the next start.

        Parameters
        ----------
        insist
            Close also where not all edits fit into a draft, because what holds the voxels goes away (the scene is
            closed, the program ends); what of them makes a mask is kept, and the rest is told.

        Raises
        ------
        RefineError
            No draft could be kept: no disk has room, or the editor holds what makes no mask. The mask stays open.
        """
        if self._bench is None:
            return
        if self._state is SessionState.EDITING and self._bench.is_dirty:
            if insist:
                self._keep(self._drafts.write)
            else:
                self._drafts.write(self._bench, self.active_seconds)
            self.worklist.refresh()
        self._bench = None
        self._custody.give_back()
        self._set_state(SessionState.CLOSED)

    def _set_state(self, state: SessionState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)

    def _take(self, item: Item, *, take_over: bool) -> SessionState:
        try:
            self._custody.take(item, take_over=take_over)
        except LockedError as error:
            self.noticed.emit(str(error))
            return SessionState.VIEWING
        except WriteError:
            self.noticed.emit("The output folder is read-only: drafts are kept on this computer, nothing can be saved.")
        return SessionState.EDITING

    def _lose_mask(self, error: LockedError) -> None:
        if self._state is SessionState.EDITING:
            self._keep(self._drafts.write)
            self._set_state(SessionState.VIEWING)
            self.noticed.emit(str(error))

    def _bench_changed(self) -> None:
        self._active.touch()
        if self._state is SessionState.EDITING:
            self._keep(self._drafts.note)
        self.changed.emit()

    def _keep(self, keep: Callable[[Workbench, float], None]) -> None:
        """Keep a draft; voxels that make no mask at the moment (an editor may hold such) are told, not raised."""
        try:
            keep(self.bench, self.active_seconds)
        except RefineError as error:
            self.noticed.emit(f"The draft is not up to date. {error}")

    def _hear_of_lost_draft(self, error: RefineError) -> None:
        text = f"The draft could not be written; the edits are in memory only. {error}"
        self._deliver(partial(self.noticed.emit, text))
