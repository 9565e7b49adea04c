"""A rater's session: opens masks, keeps them locked and drafted, saves them, and goes on. No window needed.

The front (panel, station, notebook) shows what the session says and calls it from one thread. What happens on other
threads (worker, drafts, lease) comes back through ``deliver``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..bids import Case, Dataset, MaskType, SavedMask
from ..bids.tracks import Mode, Track, release, review_mode
from ..engine import Engine, Ticket
from ..errors import LockedError, RefineError, UsageError
from ..fileops import remove_leftovers
from ..imaging import LabelMap
from ..recipes.definition import recipe
from . import saving
from .ahead import LookAhead
from .editor import ArrayEditor, Editor
from .holding import MaskHolder
from .journal import DraftJournal
from .operations import Operation
from .origin import Origin
from .proposals import WHOLE, Proposal, Scope
from .run_board import RunBoard
from .runs import BATCH, RecipeRuns, read_proposal
from .state import SessionState
from .workbench import Workbench
from .worklist import Item, Worklist


def deliver_here(callback: Callable[[], None]) -> None:
    """Run a callback at once on whatever thread it comes up: for scripts that run nothing beside."""
    callback()


class ReviewSession(MaskHolder):
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
        runs = RecipeRuns(engine, dataset, track, recipes or {}, deliver)
        runs.ended.connect(self._receive)
        super().__init__(
            dataset,
            track,
            Worklist(dataset, rater, kinds, blind=track.is_blind),
            LookAhead(dataset, track, kinds if outlines is None else tuple(outlines), runs),
            editor_factory=editor_factory,
            clock=clock,
            deliver=deliver,
            journal=journal or DraftJournal(),
        )
        self._runs = runs
        # Looking through a large dataset on a slow network takes a while, and nobody waits for it.
        threading.Thread(target=remove_leftovers, args=(dataset.output,), name="leftovers", daemon=True).start()

    def end(self, *, insist: bool = False) -> None:
        """Close the open mask and stop all that goes on beside it; see :meth:`close`."""
        self.close(insist=insist)
        self._runs.cancel_all()
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
            Nobody looked at it, or it is empty or the checks found errors and ``insist`` was not given.
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

    @property
    def runs(self) -> RunBoard:
        """The runs that were asked for: waiting, running, ended."""
        return self._runs.board

    def run(self, name: str, **settings: Any) -> Ticket:
        """Queue a recipe for the open case; what it makes arrives as a proposal. How far it is, :attr:`runs` say.

        Parameters
        ----------
        name
            The recipe.
        settings
            ``model``, ``device``, ``contrast``, ``again``.

        Raises
        ------
        UsageError
            There is no such recipe, or no worker.
        """
        return self._runs.run(self._made_by(name, self.item.case), name, **settings)

    def run_all(self, name: str, **settings: Any) -> int:
        """Queue a recipe for each case of the list as it is shown, behind what the rater waits for.

        Cases on which the same model has run already are passed over quickly, unless ``again`` is set.

        Returns
        -------
        int
            Number of cases.
        """
        cases = {item.case.key: item.case for item in self.worklist}
        for case in cases.values():
            self._runs.run(self._made_by(name, case), name, priority=BATCH, **settings)
        return len(cases)

    def cancel(self, ticket: Ticket) -> None:
        """End a run."""
        self._runs.cancel(ticket)

    def cancel_all(self) -> None:
        """End all runs that were asked for."""
        self._runs.cancel_all()

    # Inside ----------------------------------------------------------------------------------------------------------

    def _editable(self) -> Workbench:
        if self._state is SessionState.VIEWING:
            raise LockedError(f"The mask cannot be changed: {self._state.value}.", "Take another one, or take it over.")
        return self.bench

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

    def _made_by(self, name: str, case: Case) -> Item:
        """Return the mask that a recipe makes, which need not be of the kind that is open."""
        kind = recipe(name).mask_type
        return self.worklist.item((case.key, kind.name)) or Item(case, kind)

    def _receive(self, item: Item, ticket: Ticket) -> None:
        if self._bench is None or self.item.case.key != item.case.key:
            return  # it is on the disk and will be found there
        if self.item.key != item.key:
            self._tell_of_other_mask(item, ticket)
            return
        try:
            proposal = read_proposal(self.dataset, item, self.track, self.image.geometry, ticket)
        except RefineError as error:
            self.noticed.emit(str(error))
            return
        self._bench.proposals.append(proposal)
        self.proposal_arrived.emit(proposal)

    def _tell_of_other_mask(self, item: Item, ticket: Ticket) -> None:
        kind = item.mask_type.name
        made = f"A {kind} mask was proposed for this case; open it in the worklist ({kind})."
        self.noticed.emit(made if ticket.error is None else str(ticket.error))
