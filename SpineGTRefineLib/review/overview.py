"""What a front shows of a session: the state, the open mask and what lies beside it. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..bids import Case, Dataset, SavedMask
from ..bids.tracks import Track
from ..checks import Problem
from ..errors import UsageError
from ..imaging import Image, LabelMap, read_image
from .activity import ActiveTime
from .drafts import Draft, find_drafts
from .loading import LoadedCase
from .origin import Origin
from .proposals import Proposal
from .signal import Signal
from .state import SessionState
from .versions import Version, other_versions, second_contrasts
from .workbench import Workbench
from .worklist import Item, Worklist


class SessionOverview:
    """The part of a :class:`~SpineGTRefineLib.review.session.ReviewSession` that can be looked at.

    Parameters
    ----------
    dataset, track, worklist
        Who works on what.
    clock
        Seconds that never run backwards.

    Attributes
    ----------
    state_changed, loaded, changed, proposal_arrived, saved, noticed : Signal
        What happened: the new :class:`SessionState`; the :class:`LoadedCase` just before its editor is made; voxels or
        remarks changed; a proposal for the open mask; what was saved; a line for the status bar.
    """

    def __init__(self, dataset: Dataset, track: Track, worklist: Worklist, clock: Callable[[], float]) -> None:
        self.dataset = dataset
        self.track = track
        self.worklist = worklist
        self.state_changed: Signal[[SessionState]] = Signal()
        self.loaded: Signal[[LoadedCase]] = Signal()
        self.changed: Signal[[]] = Signal()
        self.proposal_arrived: Signal[[Proposal]] = Signal()
        self.saved: Signal[[SavedMask]] = Signal()
        self.noticed: Signal[[str]] = Signal()
        self._state = SessionState.CLOSED
        self._bench: Workbench | None = None
        self._active = ActiveTime(clock)

    @property
    def state(self) -> SessionState:
        """What can be done now."""
        return self._state

    @property
    def bench(self) -> Workbench:
        """The open mask.

        Raises
        ------
        UsageError
            None is open.
        """
        if self._bench is None:
            raise UsageError("No mask is open.", "Open one from the worklist.")
        return self._bench

    @property
    def item(self) -> Item:
        """Which mask is open, with its status now."""
        opened = self.bench.loaded.item
        return self.worklist.item(opened.key) or opened

    @property
    def image(self) -> Image:
        """The image of the open case."""
        return self.bench.loaded.image

    @property
    def origin(self) -> Origin:
        """What the open mask was read from."""
        return self.bench.loaded.start.origin

    @property
    def outlines(self) -> Mapping[str, LabelMap]:
        """The case's other masks by name of their mask type; not to be edited."""
        return self.bench.loaded.outlines

    @property
    def active_seconds(self) -> float:
        """Time that the rater worked on the open mask since it was last saved."""
        return self._active.seconds

    def unsaved(self) -> tuple[Draft, ...]:
        """List the rater's drafts, newest first: what a crash or a switch left behind, with case and time."""
        return find_drafts(self.dataset, self.track.rater)

    def problems(self) -> tuple[Problem, ...]:
        """Return what the checks say about the open mask as it is now, errors first."""
        return self.bench.problems()

    def versions(self) -> tuple[Version, ...]:
        """List what the open mask can be compared with; other raters' masks only where this rater may see them."""
        return other_versions(self.dataset, self.item.case, self.item.mask_type, self.track, self.image.geometry)

    def second_contrasts(self) -> tuple[Case, ...]:
        """List the other images of the same subject and session."""
        return second_contrasts(self.dataset, self.item.case)

    def second_contrast(self, case: Case) -> Image:
        """Read another image of the subject, to lie over or beside the open one.

        Raises
        ------
        InputError
            It cannot be used.
        """
        return read_image(case.image)
