"""Gray and white matter of two masks in one map, and the single slices that a person has labeled."""

from __future__ import annotations

import numpy as np

from ..anatomy import scheme
from ..errors import GeometryError, LabelError
from ..imaging import Box, LabelMap

RULES = ("refuse", "gm", "wm")
"""What becomes of voxels that both masks claim."""


def combine_matter(gm: LabelMap, wm: LabelMap, overlap: str = "refuse") -> LabelMap:
    """Lay a gray and a white matter mask into one map: 1 gray, 2 white. They never add up to a third value.

    Parameters
    ----------
    gm, wm
        Every value but 0 counts. Both on one grid.
    overlap
        Voxels that both claim: ``refuse`` them, or give them to ``gm`` or ``wm``.

    Raises
    ------
    GeometryError
        The masks lie on different grids.
    LabelError
        Both claim a voxel, and ``overlap`` is ``refuse``.
    """
    if overlap not in RULES:
        raise LabelError(f"There is no rule {overlap!r} for overlaps.", f"Choose from: {', '.join(RULES)}.")
    if not gm.geometry.matches(wm.geometry):
        raise GeometryError(
            f"Gray matter ({gm.geometry}) and white matter ({wm.geometry}) lie on different grids.",
            "Resample one of them first.",
        )
    grey, white = gm.array != 0, wm.array != 0
    both = int(np.count_nonzero(grey & white))
    if both and overlap == "refuse":
        raise LabelError(
            f"Gray and white matter overlap in {both} voxel(s).", "Correct the masks, or say which of them wins."
        )
    array = np.zeros(grey.shape, np.uint8)
    for value, mask in ((1, grey), (2, white)) if overlap == "wm" else ((2, white), (1, grey)):
        array[mask] = value
    return LabelMap(array, gm.geometry, scheme("gmwm"))


def labeled_slices(labels: LabelMap, axis: int = 2) -> tuple[Box, ...]:
    """Return a box for each slice along ``axis`` that holds a label.

    :func:`~SpineGTRefineLib.imaging.crop` cuts image and mask with it: three axes stay, and each slice keeps its own
    place along ``axis``.
    """
    others = tuple(other for other in range(3) if other != axis)
    boxes = []
    for index in np.flatnonzero(labels.array.any(axis=others)):
        start, stop = [0, 0, 0], list(labels.geometry.shape)
        start[axis], stop[axis] = int(index), int(index) + 1
        boxes.append(Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])))
    return tuple(boxes)
