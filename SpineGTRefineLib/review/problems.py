"""The problem list of the mask under edit: worst first, looked for again only where something changed."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import numpy as np

from ..checks import Problem, check_labels
from ..imaging import LabelMap

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
        self._known: OrderedDict[bytes, tuple[Problem, ...]] = OrderedDict()

    def problems(self, labels: LabelMap) -> tuple[Problem, ...]:
        """Return the problems of a mask, errors first."""
        key = _digest(labels)
        if key not in self._known:
            self._known[key] = check_labels(labels, self._canal, self._cord)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def remember(self, labels: LabelMap, problems: tuple[Problem, ...]) -> None:
        """Take over an answer that was found elsewhere (read ahead on another thread)."""
        self._known[_digest(labels)] = problems


def _digest(labels: LabelMap) -> bytes:
    # Narrow first: an editor may hold the same voxels in a wider type than the file did.
    array = labels.array
    top = int(array.max()) if array.size else 0
    low = int(array.min()) if array.size else 0
    narrow = array.astype(np.min_scalar_type(top) if low >= 0 else np.int64, copy=False)
    return blake2b(np.ascontiguousarray(narrow).tobytes(), digest_size=16).digest()
