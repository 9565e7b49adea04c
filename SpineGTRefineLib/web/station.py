"""What the page's parts share: the rater's session, the case on the screen, the tools, the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trame_slicer.core import SlicerApp

from ..bids import Dataset, mask_types
from ..engine import Engine, find_python, worker_command
from ..errors import RefineError, UsageError
from ..imaging import LabelMap
from ..review.loading import LoadedCase
from ..review.proposals import Proposal
from ..review.session import ReviewSession
from ..review.signal import Signal
from ..review.state import SessionState
from ..review.worklist import Filter, Item
from .display import Display
from .editor import StationEditor
from .tools import Tools

Deliver = Callable[[Callable[[], None]], None]


class Station:
    """The state of the station; the page shows it and calls it, all on the server's thread.

    Parameters
    ----------
    dataset
        What is reviewed.
    rater
        Who works.
    app
        trame-slicer's application.
    display
        Shows the open case.
    deliver
        Runs a callback on the server's thread.
    later
        Runs a callback on the server's thread once a stroke is over.

    Attributes
    ----------
    changed : Signal
        Whatever the page shows may have changed.
    opened : Signal
        Another mask was opened, or none is open any more.
    failed : Signal
        A mask could not be opened, and why; which one is in ``session.asked``.
    deliver
        Runs a callback on the server's thread; may be called from any.
    proposal_arrived : Signal
        A model has something to propose.
    said : Signal
        A line for the status: level (``info``, ``good``, ``warning``, ``error``) and text.
    """

    def __init__(
        self, dataset: Dataset, rater: str, app: SlicerApp, display: Display, deliver: Deliver, later: Deliver
    ) -> None:
        self.changed: Signal[[]] = Signal()
        self.opened: Signal[[]] = Signal()
        self.failed: Signal[[RefineError]] = Signal()
        self.proposal_arrived: Signal[[Proposal]] = Signal()
        self.said: Signal[[str, str]] = Signal()
        self.display = display
        self.tools = Tools(app.segmentation_editor)
        self._editor = app.segmentation_editor
        self._later = later
        self.deliver = deliver
        self._loaded: LoadedCase | None = None
        self._voxels: StationEditor | None = None
        self._engine = _engine_or_none(deliver)
        self.session = ReviewSession(
            dataset,
            rater,
            mask_types().values(),
            engine=self._engine,
            editor_factory=self._make_editor,
            deliver=deliver,
        )
        self._connect()
        self.session.worklist.filter = Filter.of_kinds_in(dataset)

    # What is open ----------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether a mask is open."""
        return self.session.state in (SessionState.VIEWING, SessionState.EDITING, SessionState.SAVING)

    @property
    def can_edit(self) -> bool:
        """Whether the open mask may be changed."""
        return self.session.state is SessionState.EDITING

    @property
    def has_engine(self) -> bool:
        """Whether models can run."""
        return self._engine is not None

    @property
    def structure(self) -> str:
        """Key of the selected structure; "" for none."""
        case = self.display.case
        return "" if case is None else case.segmentation.key_of(self._editor.active_segment_id)

    def choose(self, key: str) -> None:
        """Select a structure; one that has no voxels in the open mask is left alone."""
        case = self.display.case
        if case is None or not case.segmentation.original.scheme.has(key):
            return
        value = case.segmentation.original.scheme.value_of(key)
        for segment_id, known in case.segmentation.values.items():
            if known == value:
                self._editor.set_active_segment_id(segment_id)

    # Opening ---------------------------------------------------------------------------------------------------------

    def open(self, item: Item | None, *, take_over: bool = False) -> None:
        """Open a mask; None says that there is nothing left to do."""
        if item is None:
            self.say("good", "Nothing is left to do in this list." if self.session.worklist.items() else "")
            return
        with self._telling():
            self.session.open(item, take_over=take_over)
        self._arrive()

    def open_next(self) -> bool:
        """Open the next mask to do that nobody else holds; return whether there is one."""
        with self._telling():
            opened = self.session.open_next()
        if opened is None:
            return False
        self._arrive()
        return True

    def say(self, level: str, text: str) -> None:
        """Put a line into the status."""
        self.said.emit(level, text)

    def tick(self) -> None:
        """Keep the draft up to date; called about once a second."""
        self.session.tick()

    def end(self) -> None:
        """Let go of everything; unsaved edits stay as a draft."""
        self.session.end(insist=True)
        if self._engine is not None:
            self._engine.shutdown()

    # Inside ----------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        session = self.session
        session.loaded.connect(self._on_loaded)
        session.state_changed.connect(self._on_state)
        session.changed.connect(self.changed.emit)
        session.proposal_arrived.connect(self.proposal_arrived.emit)
        session.noticed.connect(lambda text: self.say("warning", text))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except RefineError as error:
            self.failed.emit(error)
            raise

    def _arrive(self) -> None:
        self.session.viewed()
        self.tools.use(self.tools.name if self.can_edit else "none")
        self.opened.emit()
        item = self.session.item
        self.say("info", f"{item.case.key}, {item.mask_type.name}: started from {self.session.origin}")

    def _on_loaded(self, loaded: LoadedCase) -> None:
        self._loaded = loaded

    def _make_editor(self, labels: LabelMap) -> StationEditor:
        if self._loaded is None:
            raise UsageError("There is no image for this mask.")
        case = self.display.show(self._loaded, labels)
        self._editor.set_active_segmentation(case.segmentation.node, case.volume)
        self._voxels = StationEditor(case, lambda: self._later(self._painted))
        return self._voxels

    def _painted(self) -> None:
        if self.is_open:
            self.session.painted()

    def _on_state(self, state: SessionState) -> None:
        if state is SessionState.CLOSED:
            self._editor.deactivate_effect()
            self._forget_case()
            self.opened.emit()
        self.changed.emit()

    def _forget_case(self) -> None:
        """Take the case away, and cut what ties it to itself: else its voxels stay until Python looks for cycles."""
        if self._voxels is not None:
            self._voxels.close()
            self._voxels = None
        case = self.display.case
        self.display.clear()
        if case is not None:
            case.segmentation.node.RemoveAllObservers()  # trame-slicer leaves one behind


def _engine_or_none(deliver: Deliver) -> Engine | None:
    try:
        python: Path = find_python()
    except RefineError:
        return None
    return Engine(worker_command(python), deliver=deliver)
