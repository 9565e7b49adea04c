"""What a step of Slicer's undo was: Slicer keeps the voxels of each step, but not what was done."""

from __future__ import annotations

PAINTED = "the last stroke"
"""Undo text of what was done with Slicer's own tools."""


class ActNames:
    """Names the steps of an undo history that strokes and acts share.

    One stroke may be told by several events, several strokes by one, and Slicer's own undo tells nothing, so steps
    cannot be counted. What is kept instead is the trail of states that the voxels went through, each known by its
    fingerprint, with the name of the step that led there. A state that is on the trail already was gone back (or
    forward) to, whoever did it; one that is not was painted.

    Parameters
    ----------
    start
        Fingerprint of the voxels at the start (see :func:`SpineGTRefineLib.review.editor.fingerprint`).

    Attributes
    ----------
    is_newest : bool
        Whether nothing was undone or done again since the last stroke or act.
    """

    def __init__(self, start: str) -> None:
        self._states = [start]
        self._names = [""]
        self._place = 0
        self.is_newest = True

    @property
    def undo_text(self) -> str:
        """What undo would take back; "" for nothing that is known of."""
        return self._names[self._place]

    @property
    def redo_text(self) -> str:
        """What redo would do again; "" for nothing."""
        following = self._names[self._place + 1 :]
        return following[0] if following else ""

    def act(self, what: str, after: str) -> None:
        """Take down a new step and the voxels that it led to."""
        del self._states[self._place + 1 :], self._names[self._place + 1 :]
        self._states.append(after)
        self._names.append(what)
        self._place += 1
        self.is_newest = True

    def found(self, now: str) -> None:
        """Take down the voxels as they are found: painted, or gone back to by Slicer's own undo."""
        if now == self._states[self._place]:
            return
        if (place := self._before(now)) is None and (place := self._after(now)) is None:
            self.act(PAINTED, now)
        else:
            self._go_to(place)

    def undone(self, now: str) -> str:
        """Take down that one step was undone, and name it."""
        name = self._names[self._place]
        if (place := self._before(now)) is None:  # between two strokes that were told as one
            place = max(self._place, 1)
            self._states.insert(place, now)
            self._names.insert(place, PAINTED)
        self._go_to(place)
        return name or PAINTED

    def redone(self, now: str) -> str:
        """Take down that one step was done again, and name it."""
        if (place := self._after(now)) is None:
            place = self._place + 1
            self._states.insert(place, now)
            self._names.insert(place, PAINTED)
        self._go_to(place)
        return self._names[place]

    def _go_to(self, place: int) -> None:
        self._place = place
        self.is_newest = False

    def _before(self, state: str) -> int | None:
        return next((place for place in range(self._place - 1, -1, -1) if self._states[place] == state), None)

    def _after(self, state: str) -> int | None:
        later = range(self._place + 1, len(self._states))
        return next((place for place in later if self._states[place] == state), None)
