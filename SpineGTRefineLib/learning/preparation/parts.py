"""Which parts of a case are learned from: boxes that keep their place in space, so that every voxel finds its way back.

No file is changed. A box is cut out of image and mask alike and noted beside the exported dataset; a mask of the box
returns to its voxels exactly. Only the box around the cord is resampled; its masks return by nearest neighbor. Where
the cord is straightened in it, the offsets are noted, too, and slices return by whole voxels before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any, Literal

import numpy as np

from ...anatomy import structure
from ...errors import UsageError
from ...imaging import Box, Geometry, LabelMap
from ...recipes import cord_crop
from ...recipes.straighten import CordWindow
from ...refine.growth import expand
from ...refine.matter import labeled_slices
from ...refine.rootlets import zero_below

Parts = Literal["whole", "slices", "mask", "cord", "straight"]
PARTS: tuple[Parts, ...] = ("whole", "slices", "mask", "cord", "straight")

_WORLD_AXES = {"R": 0, "A": 1, "S": 2}


@dataclass(frozen=True)
class Preparation:
    """What is done to each case.

    Parameters
    ----------
    parts
        ``whole`` image; ``slices``: each labeled slice is a case of its own (the mouse project's first round);
        ``mask``: the box around the mask with ``margin_mm``, in the image's own voxels; ``cord``: the box that the
        recipe ``lumbosacral`` predicts in, resampled to ``voxel_mm``, so that training sees what prediction will see;
        ``straight``: a window of that box that follows the cord, ``across_mm`` to each side, as that recipe cuts it for
        models that were trained so.
    slice_axis
        Direction across the slices: the voxel axis nearest to R, A or S.
    margin_mm
        Kept around the mask.
    across_mm, along_mm, voxel_mm
        Of the box around the cord: how far it reaches across and along, and its voxel size.
    ends
        First and last slice that is good enough, by case key, both included; slices beyond are cut off.
    zero_below
        Structure below which labels are removed; "" for none. Cases without it stay as they are.
    dilate_mm
        How far thin structures are thickened in the training labels; 0 for not at all.
    """

    parts: Parts = "whole"
    slice_axis: str = "S"
    margin_mm: float = 12.0
    across_mm: float = 16.0
    along_mm: float = 20.0
    voxel_mm: float = cord_crop.WORKING_VOXEL_MM
    ends: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    zero_below: str = ""
    dilate_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.parts not in PARTS:
            raise UsageError(f"There is no part {self.parts!r}.", f"Choose one of: {', '.join(PARTS)}.")
        if self.slice_axis not in _WORLD_AXES:
            raise UsageError(f"There is no slice direction {self.slice_axis!r}.", "Choose R, A or S.")
        if not (0 <= self.margin_mm < inf and 0 <= self.dilate_mm < inf):
            raise UsageError(
                f"A margin of {self.margin_mm:g} mm and labels thickened by {self.dilate_mm:g} mm cannot be made.",
                "Give numbers that are not below 0.",
            )
        if self.zero_below:
            structure(self.zero_below)

    @property
    def needs_masks(self) -> bool:
        """Whether boxes depend on what the masks hold."""
        return self.parts != "whole" or bool(self.ends)

    def as_json(self) -> dict[str, Any]:
        """Return what was chosen, for the record."""
        return {**asdict(self), "ends": {case: list(pair) for case, pair in self.ends.items()}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Preparation:
        """Read what :meth:`as_json` returned."""
        ends = {case: (int(first), int(last)) for case, (first, last) in content["ends"].items()}
        return cls(**{**content, "ends": ends})


def boxes_of(labels: LabelMap, preparation: Preparation, case: str) -> tuple[Box, ...] | None:
    """Return the boxes that are cut out of a case, in the voxels of its files; None for the whole of it.

    Raises
    ------
    UsageError
        The ends of a case lie outside of it, or nothing is labeled where a label is needed.
    """
    axis = _axis(labels.geometry, preparation.slice_axis)
    kept = _kept(labels.geometry, axis, preparation.ends.get(case), case)
    if preparation.parts in ("whole", "cord", "straight"):
        return None if kept is None else (kept,)
    boxes = labeled_slices(labels, axis) if preparation.parts == "slices" else _around(labels, preparation.margin_mm)
    inside = tuple(both for box in boxes if (both := _overlap(box, kept)) is not None)
    if not inside:
        raise UsageError(f"{case}: no slice that is kept holds a label.", "Leave the case out of the version.")
    return inside


def grid_of(labels: LabelMap, preparation: Preparation, case: str) -> Geometry | None:
    """Return the working grid around the cord, or None where no such box is asked for.

    Raises
    ------
    UsageError
        The mask is empty, so there is no cord to follow.
    """
    if preparation.parts not in ("cord", "straight"):
        return None
    if not labels.array.any():
        raise UsageError(f"{case}: the mask is empty, so there is no cord to follow.", "Leave the case out.")
    return cord_crop.box_around(
        labels.geometry,
        cord_crop.centerline_of(labels),
        across_mm=preparation.across_mm,
        along_mm=preparation.along_mm,
        voxel_mm=preparation.voxel_mm,
    )


def window_of(labels: LabelMap, preparation: Preparation, grid: Geometry) -> CordWindow | None:
    """Return the window that follows the cord in the working grid of a case; None where nothing is straightened."""
    if preparation.parts != "straight":
        return None
    return CordWindow.following(cord_crop.centerline_of(labels), grid, preparation.across_mm)


def prepared_labels(labels: LabelMap, preparation: Preparation) -> LabelMap:
    """Return the labels that are trained on."""
    key = preparation.zero_below
    if key and labels.scheme.has(key) and labels.scheme.value_of(key) in labels.values():
        labels = zero_below(labels, key)
    if preparation.dilate_mm > 0:
        labels = labels.with_array(expand(labels.array, labels.geometry.spacing, preparation.dilate_mm))
    return labels


def _around(labels: LabelMap, margin_mm: float) -> tuple[Box, ...]:
    tight = Box.around(labels.array != 0)
    if tight is None:
        return ()
    reach = np.ceil(margin_mm / np.array(labels.geometry.spacing)).astype(int)
    low = np.maximum(np.array(tight.start) - reach, 0).tolist()
    high = np.minimum(np.array(tight.stop) + reach, labels.geometry.shape).tolist()
    return (Box((low[0], low[1], low[2]), (high[0], high[1], high[2])),)


def _axis(geometry: Geometry, letter: str) -> int:
    return int(np.flatnonzero(geometry.orientation[:, 0] == _WORLD_AXES[letter])[0])


def _kept(geometry: Geometry, axis: int, ends: tuple[int, int] | None, case: str) -> Box | None:
    if ends is None:
        return None
    first, last = ends
    if not 0 <= first <= last < geometry.shape[axis]:
        raise UsageError(
            f"{case}: slices {first} to {last} are asked for, and there are {geometry.shape[axis]}, counted from 0.",
            "Correct the table of ends.",
        )
    start, stop = [0, 0, 0], list(geometry.shape)
    start[axis], stop[axis] = first, last + 1
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _overlap(box: Box, other: Box | None) -> Box | None:
    if other is None:
        return box
    start = [max(pair) for pair in zip(box.start, other.start, strict=True)]
    stop = [min(pair) for pair in zip(box.stop, other.stop, strict=True)]
    if any(a >= b for a, b in zip(start, stop, strict=True)):
        return None
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
