"""The problem list of the mask under edit: worst first, looked for again only where something changed."""

from __future__ import annotations

from collections import OrderedDict

from ..checks import Problem, check_labels
from ..imaging import LabelMap
from .editor import fingerprint

REMEMBERED = 20
"""Mask states whose problems are remembered, so that undo and redo answer at once."""


class ProblemFinder:
    """Says what in a mask breaks the rules of anatomy, and remembers the answer as long as the voxels are the same.

    Parameters
    ----------
    canal, cord
        Masks of the same image that the mask is held against; see :func:`SpineGTRefineLib.checks.check_labels`.
    """

    def __init__(self, canal: LabelMap | None = None, cord: LabelMap | None = None) -> None:
        self._canal = canal
        self._cord = cord
        self._known: OrderedDict[str, tuple[Problem, ...]] = OrderedDict()

    def problems(self, labels: LabelMap) -> tuple[Problem, ...]:
        """Return the problems of a mask, errors first."""
        key = fingerprint(labels)
        if key not in self._known:
            self._known[key] = check_labels(labels, self._canal, self._cord)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def remember(self, labels: LabelMap, problems: tuple[Problem, ...]) -> None:
        """Take over an answer that was found elsewhere (read ahead on another thread)."""
        self._known[fingerprint(labels)] = problems
