"""Which parts of a case are learned from: boxes that keep their place in space, so that every voxel finds its way back.

Nothing is resampled and no file is changed. A box is cut out of image and mask alike and noted beside the exported
dataset; a mask of the box returns to its voxels exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from ...errors import UsageError
from ...imaging import Box, Geometry, LabelMap
from ...refine.cord_crop import box_around_cord
from ...refine.growth import expand
from ...refine.matter import labeled_slices
from ...refine.rootlets import zero_below

Parts = Literal["whole", "slices", "mask"]
PARTS: tuple[Parts, ...] = ("whole", "slices", "mask")

_WORLD_AXES = {"R": 0, "A": 1, "S": 2}


@dataclass(frozen=True)
class Preparation:
    """What is done to each case.

    Parameters
    ----------
    parts
        ``whole`` image; ``slices``: each labeled slice is a case of its own (the mouse project's first round);
        ``mask``: the box around the mask with ``margin_mm`` (the lumbosacral project's standard view).
    slice_axis
        Direction across the slices: the voxel axis nearest to R, A or S.
    margin_mm
        Kept around the mask.
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
    ends: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    zero_below: str = ""
    dilate_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.parts not in PARTS:
            raise UsageError(f"There is no part {self.parts!r}.", f"Choose one of: {', '.join(PARTS)}.")
        if self.slice_axis not in _WORLD_AXES:
            raise UsageError(f"There is no slice direction {self.slice_axis!r}.", "Choose R, A or S.")

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
    if preparation.parts == "whole":
        return None if kept is None else (kept,)
    if preparation.parts == "slices":
        boxes = labeled_slices(labels, axis)
    else:
        around = box_around_cord(labels, preparation.margin_mm)
        boxes = () if around is None else (around,)
    inside = tuple(both for box in boxes if (both := _overlap(box, kept)) is not None)
    if not inside:
        raise UsageError(f"{case}: no slice that is kept holds a label.", "Leave the case out of the version.")
    return inside


def prepared_labels(labels: LabelMap, preparation: Preparation) -> LabelMap:
    """Return the labels that are trained on."""
    key = preparation.zero_below
    if key and labels.scheme.has(key) and labels.scheme.value_of(key) in labels.values():
        labels = zero_below(labels, key)
    if preparation.dilate_mm > 0:
        labels = labels.with_array(expand(labels.array, labels.geometry.spacing, preparation.dilate_mm))
    return labels


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
