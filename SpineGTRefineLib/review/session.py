"""A rater's session: opens masks, keeps them locked and drafted, saves them, and goes on. No window needed.

The front (panel, station, notebook) shows what the session says and calls it from one thread. What happens on other
threads (worker, drafts, lease) comes back through ``deliver``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ..bids import Dataset, MaskType, SavedMask
from ..bids.tracks import Mode, Track, release, review_mode
from ..engine import Engine, Progress, Ticket
from ..errors import LockedError, RefineError, UsageError, WriteError
from ..imaging import LabelMap
from . import saving
from .ahead import LookAhead
from .drafting import DraftKeeper
from .drafts import DraftJournal
from .editor import ArrayEditor, Editor
from .lease import Custody
from .operations import Operation
from .origin import Origin
from .overview import SessionOverview
from .proposals import WHOLE, Proposal, Scope
from .runs import RecipeRuns, read_proposal
from .state import SessionState
from .workbench import Workbench
from .worklist import Item, Worklist


def deliver_here(callback: Callable[[], None]) -> None:
    """Run a callback at once on whatever thread it comes up: for scripts that run nothing beside."""
    callback()


class ReviewSession(SessionOverview):
    """One rater's work on a dataset.

    Parameters
    ----------
    dataset
        The dataset.
    rater
        Who works; as typed.
    mask_types
        Kinds of masks that are reviewed.
    outlines
        Kinds of masks that are shown beside the one under edit; None for those that are reviewed.
    mode
        ``single`` or ``independent``; None for the dataset's own setting.
    engine
        Runs recipes; None where no worker is set up.
    recipes
        Recipe by mask type that runs ahead for cases without a mask.
    editor_factory
        Makes the editor that holds the voxels.
    clock
        Seconds that never run backwards.
    deliver
        Runs a callback on the caller's thread.
    journal
        Writes the drafts; None for one with the usual interval.
    """

    def __init__(
        self,
        dataset: Dataset,
        rater: str,
        mask_types: Iterable[MaskType],
        *,
        outlines: Iterable[MaskType] | None = None,
        mode: Mode | None = None,
        engine: Engine | None = None,
        recipes: Mapping[str, str] | None = None,
        editor_factory: Callable[[LabelMap], Editor] = ArrayEditor,
        clock: Callable[[], float] = time.monotonic,
        deliver: Callable[[Callable[[], None]], None] = deliver_here,
        journal: DraftJournal | None = None,
    ) -> None:
        if not rater.strip():
            raise UsageError("A rater needs a name.", "Enter a name or initials; they go into the sidecars.")
        kinds = tuple(mask_types)
        track = Track(rater, mode or review_mode(dataset.output))
        super().__init__(dataset, track, Worklist(dataset, rater, kinds, blind=track.is_blind), clock)
        self._editor_factory = editor_factory
        self._deliver = deliver
        self._custody = Custody(dataset, track, deliver)
        self._custody.lost.connect(self._lose_mask)
        self._runs = RecipeRuns(engine, dataset, track, recipes or {}, deliver)
        self._runs.ended.connect(self._receive)
        self._ahead = LookAhead(dataset, track, kinds if outlines is None else tuple(outlines), self._runs)
        journal = journal or DraftJournal()
        journal.failed.connect(self._hear_of_lost_draft)
        self._drafts = DraftKeeper(dataset, rater, journal, clock)

    # Opening and closing ---------------------------------------------------------------------------------------------

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

    def end(self, *, insist: bool = False) -> None:
        """Close the open mask and stop all that goes on beside it; see :meth:`close`."""
        self.close(insist=insist)
        self._ahead.end()
        self._drafts.end()

    # Editing ---------------------------------------------------------------------------------------------------------

    def apply(self, operation: Operation) -> None:
        """Do an act, as one undo step; see :meth:`Workbench.apply`."""
        self._editable().apply(operation)

    def adopt(self, proposal: Proposal, scope: Scope = WHOLE) -> None:
        """Take over a part of a proposal, as one undo step."""
        self._editable().adopt(proposal, scope)

    def undo(self) -> str:
        """Undo the last step and return its description; "" if there is none."""
        return self._editable().undo()

    def redo(self) -> str:
        """Do the last undone step again and return its description; "" if there is none."""
        return self._editable().redo()

    def painted(self) -> None:
        """Say that the front changed voxels in the editor itself; called after each stroke and each undo of its own."""
        self._active.touch()
        self.bench.follow()
        self.tick()
        self.changed.emit()

    def tick(self) -> None:
        """Hand painted voxels to the draft when it is time; a front calls this about once a second."""
        if self._state is SessionState.EDITING:
            self._keep(self._drafts.note_if_due)

    def keep_draft(self) -> None:
        """Write the unsaved edits of the open mask to its draft now, if there are any."""
        self._drafts.write(self._editable(), self.active_seconds)

    def touch(self) -> None:
        """Show a sign of life: the rater scrolled, zoomed, looked."""
        self._active.touch()

    def viewed(self) -> None:
        """Say that the rater saw the mask; only then it can be accepted."""
        self._active.touch()
        self.bench.viewed = True

    # Handing in ------------------------------------------------------------------------------------------------------

    def save(self, *, insist: bool = False) -> SavedMask:
        """Accept the open mask: validate, write, compare, sidecar, event. It stays open.

        Raises
        ------
        NotAcceptableError
            Nobody looked at it, or the checks found errors and ``insist`` was not given.
        RefineError
            It could not be written; the edits are kept as a draft.
        """
        return self._hand_in(lambda mask: saving.accept(self.dataset, mask, self.problems(), insist=insist))

    def flag(self, reasons: Iterable[str]) -> SavedMask:
        """Save the open mask as one that somebody has to look at again, with reasons. It stays open."""
        given = tuple(reasons)
        return self._hand_in(lambda mask: saving.flag(self.dataset, mask, given))

    def exclude(self, reason: str) -> None:
        """Leave the open case out for this kind of mask. Its files stay; unsaved edits are kept as a draft."""
        bench = self._editable()
        saving.record_exclusion(self.dataset, self._submission(), reason)
        self._drafts.write(bench, 0.0)
        bench.mark_saved()
        self._active.restart()
        self.worklist.refresh()

    def give_up_edits(self) -> Origin:
        """Throw the unsaved edits and their draft away and open the mask as it was saved."""
        bench = self._editable()
        self._drafts.discard(bench)
        bench.mark_saved()
        self.worklist.refresh()
        return self.open(self.item)

    def release(self) -> None:
        """Let the raters of the open mask see each other's work from now on."""
        release(self.dataset.output, *self.item.key, self.track.rater)

    # Recipes ---------------------------------------------------------------------------------------------------------

    def run(self, name: str, *, on_progress: Callable[[Progress], None] | None = None, **settings: Any) -> Ticket:
        """Queue a recipe for the open case; what it makes arrives as a proposal.

        Parameters
        ----------
        name
            The recipe.
        on_progress
            Called through ``deliver``.
        settings
            ``model``, ``device``, ``contrast``, ``again``.

        Raises
        ------
        UsageError
            There is no such recipe, or no worker.
        """
        return self._runs.run(self.item, name, on_progress, **settings)

    def cancel(self, ticket: Ticket) -> None:
        """End a run."""
        self._runs.cancel(ticket)

    # Inside ----------------------------------------------------------------------------------------------------------

    def _editable(self) -> Workbench:
        if self._state is SessionState.VIEWING:
            raise LockedError(f"The mask cannot be changed: {self._state.value}.", "Take another one, or take it over.")
        return self.bench

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

    def _hand_in(self, hand_in: Callable[[saving.Submission], SavedMask]) -> SavedMask:
        bench = self._editable()
        submission = self._submission()
        self._set_state(SessionState.SAVING)
        try:
            saved = hand_in(submission)
        except BaseException:
            self._set_state(SessionState.EDITING)
            self._keep(self._drafts.write)
            raise
        bench.mark_saved(saved.sha256)
        self._drafts.discard(bench)
        self._active.restart()
        self._set_state(SessionState.EDITING)
        self.worklist.refresh()
        self.saved.emit(saved)
        return saved

    def _submission(self) -> saving.Submission:
        return saving.Submission(self.item, self.image, self.bench, self.track, self.active_seconds)

    def _receive(self, item: Item, ticket: Ticket) -> None:
        if self._bench is None or self.item.key != item.key:
            return  # it is on the disk and will be found there
        try:
            proposal = read_proposal(self.dataset, item, self.track, self.image.geometry, ticket)
        except RefineError as error:
            self.noticed.emit(str(error))
            return
        self._bench.proposals.append(proposal)
        self.proposal_arrived.emit(proposal)
