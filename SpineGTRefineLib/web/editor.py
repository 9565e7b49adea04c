"""The mask under edit in the browser: our own voxels with our own undo, shown and painted on in the scene."""

from __future__ import annotations

from collections.abc import Callable

from ..imaging import LabelMap
from ..review.editor import ArrayEditor
from ..scene import SceneCase
from ..scene.act_names import PAINTED
from ..scene.watch import VoxelWatch
from ..scene.writing import write_voxels


class StationEditor:
    """The editor of a review session at the station (see ``review.editor.Editor``).

    An array holds the voxels, so that a step to undo keeps only what it changed; trame-slicer's own undo keeps two
    copies of the whole segmentation for each stroke and builds all its segments anew. What was painted in the scene is
    read from there before anybody asks for the voxels.

    Parameters
    ----------
    case
        The case in the scene.
    on_painted
        Called after each change that did not come through this object.
    """

    def __init__(self, case: SceneCase, on_painted: Callable[[], None]) -> None:
        self._case = case
        self._on_painted = on_painted
        self._voxels = ArrayEditor(case.segmentation.original)
        self._is_painted = False
        self._state = (-1, "")
        self._watch = VoxelWatch(case.segmentation.node.GetSegmentation(), self._on_changed)

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._followed().revision

    @property
    def state(self) -> str:
        """A text that is the same for the same voxels."""
        voxels = self._followed()
        if self._state[0] != voxels.revision:
            self._state = (voxels.revision, voxels.state)
        return self._state[1]

    def labels(self) -> LabelMap:
        """Return the voxels as they are now."""
        return self._followed().labels()

    def rescued(self) -> LabelMap:
        """Return the voxels as far as they make a mask; see :meth:`.LabelSegmentation.rescued`."""
        return self._case.segmentation.rescued()

    def replace(self, labels: LabelMap, what: str) -> None:
        """Make ``labels`` the current voxels, as one undo step; see :meth:`.ArrayEditor.replace`."""
        voxels = self._followed()
        before = voxels.revision
        voxels.replace(labels, what)
        if voxels.revision != before:
            self._show()

    @property
    def undo_text(self) -> str:
        """What :meth:`undo` would undo; "" if there is nothing."""
        return self._followed().undo_text

    @property
    def redo_text(self) -> str:
        """What :meth:`redo` would do again; "" if there is nothing."""
        return self._followed().redo_text

    def undo(self) -> str:
        """Undo the last step and return its description; "" if there is none."""
        return self._step(self._followed().undo)

    def redo(self) -> str:
        """Do the last undone step again and return its description; "" if there is none."""
        return self._step(self._followed().redo)

    def close(self) -> None:
        """Stop following the scene."""
        self._watch.close()

    def _step(self, move: Callable[[], str]) -> str:
        what = move()
        if what:
            self._show()
        return what

    def _show(self) -> None:
        with self._watch.paused():
            write_voxels(self._case.segmentation, self._voxels.labels())

    def _on_changed(self) -> None:
        self._is_painted = True
        self._on_painted()

    def _followed(self) -> ArrayEditor:
        """Return the voxels, with what was painted since they were last asked for."""
        if self._is_painted:
            self._voxels.replace(self._case.labels(), PAINTED)
            self._is_painted = False
        return self._voxels
