"""Masks that are right in parts: what a rater vouched for is learned, the rest is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ...bids.events import DONE
from ...imaging import LabelMap
from ..versions import VersionCase

Partial = Literal["unfinished", "always", "never"]


def counts_in_parts(row: VersionCase, partial: Partial) -> bool:
    """Whether only the verified parts of a mask count.

    A mask that a person accepted counts as a whole, unless ``partial`` is ``always``.
    """
    return bool(row.verified) and partial != "never" and (partial == "always" or row.status not in DONE)


def unverified(labels: LabelMap, marks: Mapping[str, Any]) -> np.ndarray:
    """Return the voxels that nobody vouches for, as a boolean array.

    Inside a verified slice everything counts, background included. Elsewhere the voxels of verified structures count.
    If no slice was marked, background counts, too: a rater who vouches for structures has looked at the whole image.
    """
    structures = [key for key in marks.get("Structures", []) if labels.scheme.has(key)]
    known = labels.mask([labels.scheme.value_of(key) for key in structures])
    slices = marks.get("Slices", [])
    if not slices:
        return np.asarray(~known & (labels.array != 0))
    for entry in slices:
        place: list[Any] = [slice(None)] * 3
        place[entry["Axis"]] = entry["Indices"]
        known[tuple(place)] = True
    return ~known
