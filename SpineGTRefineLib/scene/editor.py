"""A segmentation in the scene as the mask under edit of a review session."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import RefineError
from ..imaging import LabelMap
from ..review.editor import fingerprint, require_alike
from .act_names import ActNames
from .case import SceneCase
from .history import History, SceneHistory
from .outside import erase_outside, voxels_outside
from .watch import VoxelWatch
from .writing import write_voxels


class SceneEditor:
    """The editor of a review session whose voxels a segmentation node holds (see ``review.editor.Editor``).

    What is painted with Slicer's own tools counts as a change, too: it raises :attr:`revision` and calls
    ``on_painted``.

    Parameters
    ----------
    case
        The case in the scene.
    history
        Who undoes; default: a history of our own.
    on_painted
        Called after each change that did not come through this object.
    """

    def __init__(
        self, case: SceneCase, history: History | None = None, on_painted: Callable[[], None] = lambda: None
    ) -> None:
        self.case = case
        self._history = history or SceneHistory(case)
        self._on_painted = on_painted
        self._revision = 0
        self._cached: tuple[int, LabelMap] | None = None
        self._acts = ActNames(fingerprint(case.segmentation.original))
        self._named = 0
        self._watch = VoxelWatch(case.segmentation.node.GetSegmentation(), self._on_modified)

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._revision

    def labels(self) -> LabelMap:
        """Return the voxels as they are now.

        Raises
        ------
        LabelError, GeometryError
            The segmentation cannot be saved as it is; see :meth:`.LabelSegmentation.labels`.
        """
        if self._cached is None or self._cached[0] != self._revision:
            self._cached = (self._revision, self.case.labels())
        return self._cached[1]

    @property
    def state(self) -> str:
        """A text that is the same for the same voxels."""
        try:
            return fingerprint(self.labels())
        except RefineError:  # what makes no mask at the moment can be painted and undone nevertheless
            return f"no mask, revision {self._revision}"

    def rescued(self) -> LabelMap:
        """Return the voxels as far as they make a mask; see :meth:`.LabelSegmentation.rescued`."""
        return self.case.segmentation.rescued()

    def replace(self, labels: LabelMap, what: str) -> None:
        """Make ``labels`` the current voxels, as one undo step; see :meth:`.ArrayEditor.replace`."""
        now = self.labels()
        require_alike(labels, now)
        if np.array_equal(labels.array, now.array):
            return
        self._act(what, lambda: write_voxels(self.case.segmentation, labels))

    @property
    def undo_text(self) -> str:
        """What :meth:`undo` would undo; "" if there is nothing that is known of."""
        return self._followed().undo_text

    @property
    def redo_text(self) -> str:
        """What :meth:`redo` would do again."""
        return self._followed().redo_text

    @property
    def is_newest(self) -> bool:
        """Whether nothing was undone or done again since the last stroke or act.

        Otherwise Slicer takes whatever changes in the segment table as a new step, and forgets what could be redone.
        """
        return self._followed().is_newest

    def undo(self) -> str:
        """Undo the last step and return its description; "" if there is none."""
        return self._step(self._history.undo, ActNames.undone)

    def redo(self) -> str:
        """Do the last undone step again and return its description; "" if there is none."""
        return self._step(self._history.redo, ActNames.redone)

    def erase_outside(self) -> int:
        """Erase what was drawn outside the image, as one undo step; return how many voxels that were.

        A front asks its rater first: :func:`.voxels_outside` says what would go.
        """
        count = sum(voxels_outside(self.case.segmentation).values())
        if count:
            self._act("erase what lies outside the image", lambda: erase_outside(self.case.segmentation))
        return count

    def close(self) -> None:
        """Stop following the segmentation."""
        self._watch.close()

    def _act(self, what: str, action: Callable[[], None]) -> None:
        names = self._followed()
        self._history.save_state()
        self._do(action)
        names.act(what, self._named_state())

    def _step(self, move: Callable[[], bool], name: Callable[[ActNames, str], str]) -> str:
        names = self._followed()
        return name(names, self._named_state()) if self._do(move) else ""

    def _followed(self) -> ActNames:
        """Return the names, with what was painted or undone by Slicer itself since they were last asked for.

        Looking at the voxels takes a moment, so it is not done at each of the dozens of events of a stroke.
        """
        if self._named != self._revision:
            self._acts.found(self._named_state())
        return self._acts

    def _named_state(self) -> str:
        self._named = self._revision
        return self.state

    def _do(self, action: Callable[[], bool | None]) -> bool:
        """Do something of our own; an action that returns False has changed nothing."""
        with self._watch.paused():
            changed = action() is not False
        self._revision += changed
        return changed

    def _on_modified(self) -> None:
        self._revision += 1
        self._on_painted()
