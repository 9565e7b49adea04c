"""What the sections of the panel share: the rater's session, the case in the scene, the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from ..bids import Dataset, mask_types
from ..checks import Problem
from ..engine import Engine
from ..errors import RefineError, UsageError
from ..imaging import LabelMap
from ..recipes.definition import recipe, recipe_names
from ..review.loading import LoadedCase
from ..review.origin import Origin
from ..review.proposals import Proposal
from ..review.session import ReviewSession
from ..review.signal import Signal
from ..review.slices import SliceRange
from ..review.state import SessionState
from ..review.verified import Verified
from ..review.worklist import Filter, Item
from ..scene import Scene, SceneCase
from ..scene.case_view import CaseView
from ..scene.copies import file_of
from ..scene.editor import SceneEditor
from ..scene.history import History
from .engine_starter import EngineStarter
from .gui_thread import GuiThread
from .preferences import Preferences, remember
from .slice_views import fitViews

STROKE_MS = 60
"""One stroke or one undo brings dozens of events; what they mean is looked at when they are over."""


class Workspace:
    """The state of the panel.

    Parameters
    ----------
    scene
        Where cases are shown.

    Attributes
    ----------
    sessionChanged, caseOpened, caseClosed, stateChanged, edited, saved : Signal
        A dataset was opened or closed; a mask was opened or closed; what can be done changed; voxels or remarks
        changed; a mask was saved.
    proposalArrived : Signal
        A model or another version has something to propose.
    problemsChanged, unsavable : Signal
        The problem list; the voxels make no mask at the moment.
    structureChosen, slicesChosen : Signal
        What the rater selected.
    listChanged : Signal
        The worklist holds other cases, or other states of them.
    said : Signal
        A line for the status: level (``info``, ``good``, ``warning``, ``error``) and text.
    logged : Signal
        A line of the worker's log.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.gui = GuiThread()
        self.sessionChanged: Signal[[]] = Signal()
        self.caseOpened: Signal[[]] = Signal()
        self.caseClosed: Signal[[]] = Signal()
        self.stateChanged: Signal[[SessionState]] = Signal()
        self.edited: Signal[[]] = Signal()
        self.saved: Signal[[]] = Signal()
        self.proposalArrived: Signal[[Proposal]] = Signal()
        self.problemsChanged: Signal[[tuple[Problem, ...]]] = Signal()
        self.unsavable: Signal[[]] = Signal()
        self.structureChosen: Signal[[str]] = Signal()
        self.slicesChosen: Signal[[SliceRange]] = Signal()
        self.listChanged: Signal[[]] = Signal()
        self.said: Signal[[str, str]] = Signal()
        self.logged: Signal[[str]] = Signal()
        self.session: ReviewSession | None = None
        self.view = CaseView(scene, fitViews)
        self.structure = ""
        self.engine = EngineStarter(self.gui.deliver, self.logged.emit)
        self._loaded: LoadedCase | None = None
        self._pause = qt.QTimer()
        self._pause.setSingleShot(True)
        self._pause.setInterval(STROKE_MS)
        self._pause.connect("timeout()", self._onPaused)
        self._history: Callable[[SceneCase], History | None] = lambda case: None

    @property
    def preferences(self) -> Preferences:
        """What the user chose, here or on the page of the settings."""
        return Preferences.load()

    # Datasets

    def openDataset(self, path: str, rater: str) -> None:
        """Open a dataset, one subject's folder or one image, and the first mask to do.

        Raises
        ------
        RefineError
            It cannot be opened; what was open stays open.
        """
        if not path.strip():
            raise UsageError(_("No folder was chosen."), _("Choose the folder of a BIDS dataset."))
        dataset = Dataset.open(Path(path).expanduser())
        session = ReviewSession(
            dataset,
            rater,
            mask_types().values(),
            engine=self._engineOrNone(),
            recipes=self._recipesAhead(),
            editor_factory=self._makeEditor,
            deliver=self.gui.deliver,
        )
        self.closeDataset()
        self.session = session
        self._connect(session)
        remember("rater", rater)
        session.worklist.filter = Filter.of_kinds_in(dataset)
        self.sessionChanged.emit()
        self.open(session.worklist.first_to_do())
        if session.state is SessionState.VIEWING:
            self.openNext()

    def closeDataset(self, *, insist: bool = False) -> None:
        """Close the dataset; unsaved edits are kept as a draft (see ``ReviewSession.close`` for ``insist``)."""
        if self.session is None:
            return
        self.session.end(insist=insist)
        self.session = None
        self.sessionChanged.emit()

    def openVolume(self, node: object, rater: str) -> None:
        """Open the file that a volume of the scene shows, or a copy of a volume that has none, and say so."""
        if node is None:
            raise UsageError(_("No volume is chosen."), _("Choose one, or open a dataset."))
        path, note = file_of(node)
        self.openDataset(str(path), rater)
        if not self.isOpen:  # it was finished before; who names one volume wants to see it
            self.open(next(iter(self.requireSession().worklist), None))
        if note:
            self.say("warning", note)

    # Cases

    def open(self, item: Item | None, *, takeOver: bool = False) -> None:
        """Open a mask; None says that there is nothing left to do."""
        session = self.requireSession()
        if item is None:
            self.say("good", _("Nothing is left to do in this list."))
            return
        with slicer.util.WaitCursor():
            self._arrive(session.open(item, take_over=takeOver))

    def openNext(self) -> bool:
        """Open the next mask to do that nobody else holds; return whether there is one."""
        with slicer.util.WaitCursor():
            origin = self.requireSession().open_next()
            if origin is not None:
                self._arrive(origin)
        return origin is not None

    @property
    def isOpen(self) -> bool:
        """Whether a mask is open."""
        return self.session is not None and self.session.state in (
            SessionState.VIEWING,
            SessionState.EDITING,
            SessionState.SAVING,
        )

    @property
    def canEdit(self) -> bool:
        """Whether the open mask may be changed."""
        return self.session is not None and self.session.state is SessionState.EDITING

    def requireSession(self) -> ReviewSession:
        """Return the session, or say that a dataset must be opened first."""
        if self.session is None:
            raise UsageError(_("No dataset is open."), _("Open a dataset first."))
        return self.session

    def useHistory(self, make: Callable[[SceneCase], History | None]) -> None:
        """Let the segment editor on screen undo; ``make`` is called for every case that is shown."""
        self._history = make

    def choose(self, structureKey: str) -> None:
        """Say which structure is selected."""
        if structureKey != self.structure:
            self.structure = structureKey
            self.structureChosen.emit(structureKey)

    def marks(self) -> Verified:
        """Return what is vouched for and still holds; nothing while the voxels make no mask."""
        try:
            return self.requireSession().bench.verified
        except RefineError:
            return Verified()

    def say(self, level: str, text: str) -> None:
        """Put a line into the status."""
        self.said.emit(level, text)

    def end(self) -> None:
        """Let go of everything: the module is unloaded, or the program ends."""
        self.closeDataset(insist=True)
        self.engine.stop()
        self.gui.stop()

    # Inside

    def _arrive(self, origin: Origin) -> None:
        session = self.requireSession()
        session.viewed()
        self.caseOpened.emit()
        self.problemsChanged.emit(session.bench.problems())
        item = session.item
        self.say(
            "info", _("{case}, {mask}: {origin}").format(case=item.case.key, mask=item.mask_type.name, origin=origin)
        )

    def _connect(self, session: ReviewSession) -> None:
        session.loaded.connect(self._onLoaded)
        session.state_changed.connect(self._onState)
        session.changed.connect(self.edited.emit)
        session.proposal_arrived.connect(self.proposalArrived.emit)
        session.noticed.connect(lambda text: self.say("warning", text))
        session.saved.connect(lambda saved: self.saved.emit())

    def _onLoaded(self, loaded: LoadedCase) -> None:
        self._loaded = loaded

    def _makeEditor(self, labels: LabelMap) -> SceneEditor:
        loaded = self._loaded
        if loaded is None:
            raise UsageError(_("There is no image for this mask."))
        case = self.view.show(loaded, labels)
        return SceneEditor(case, self._history(case), self._onPainted)

    def _onPainted(self) -> None:
        self._pause.start()

    def _onPaused(self) -> None:
        if self.session is not None and self.isOpen:
            self.session.painted()

    def _onState(self, state: SessionState) -> None:
        if state is SessionState.CLOSED:
            self.caseClosed.emit()
            self.view.clear()
        self.stateChanged.emit(state)

    def _engineOrNone(self) -> Engine | None:
        try:
            return self.engine.engine(self.preferences.python)
        except RefineError as error:
            self.say("info", str(error))
            return None

    def _recipesAhead(self) -> dict[str, str]:
        if not self.preferences.runAhead:
            return {}
        return {recipe(name).mask_type.name: name for name in recipe_names() if not recipe(name).runs_tools}
