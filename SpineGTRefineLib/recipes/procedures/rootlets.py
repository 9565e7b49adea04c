"""Nerve rootlets: crop around the cord, segment, and say which stretch of the cord is which spinal level.

Every component is kept: dorsal and ventral rootlets of both sides are many small pieces.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...anatomy import scheme
from ...bids import mask_type
from ...bids.softmaps import SoftMap
from ...checks import check_labels
from ...errors import InputError
from ...imaging import Box, Image, LabelMap, crop, restore
from ...models import Prediction
from ...refine.rootlet_names import name_rootlets
from ...refine.rootlets import CORD_REACH_MM, require_known_gaps, spinal_levels
from ..work import Extra, RecipeOutcome, RecipeWork

SETTINGS: dict[str, Any] = {
    "cord": "cord",
    "levels": "demo_spinal_levels",
    "margin_mm": 12.0,
    "last_level": "",
    "reach_mm": CORD_REACH_MM,
    "gaps": "leave",
    "soft_maps": True,
}
"""``cord``: recipe or model that finds the cord where the case has no cord mask. ``levels``: model that tells the
levels along the canal, for rootlets of a model that leaves them unnamed. ``margin_mm``: what is kept around the cord.
``last_level``: the lowest level that is believed, ``T1`` for example; all below is removed. ``reach_mm``, ``gaps``: see
:func:`SpineGTRefineLib.refine.rootlets.spinal_levels`. ``soft_maps``: write one per level."""

THICK_MM = 1.2
"""A rootlet is about a millimeter thick: larger voxels do not show single ones."""


def check(settings: Mapping[str, Any]) -> None:
    """Refuse a last level without rootlets, and ways to treat gaps that there are not."""
    _last_value(settings["last_level"])
    require_known_gaps(settings["gaps"])


def run(work: RecipeWork) -> RecipeOutcome:
    """Segment rootlets near the cord and derive the spinal levels."""
    settings, grid = work.settings, work.image.geometry
    if max(grid.spacing) > THICK_MM:
        work.note(
            f"Voxels of up to {max(grid.spacing):.1f} mm do not show single rootlets, which are about 1 mm thick. "
            "Trust neither the rootlets nor the levels without looking."
        )
    cord, origin = _cord(work)
    box = cord_box(cord, settings["margin_mm"])
    outputs = ("labels", "probabilities") if settings["soft_maps"] else ("labels",)
    seen = crop(work.image, box)
    prediction = work.predict([seen], outputs=outputs)
    named, levels_of_slices = _named(work, seen, prediction.labels)
    found = _up_to(restore(named, grid), _last_value(settings["last_level"]))
    if not found.array.any():
        what = "None of the rootlets has a level" if prediction.labels.array.any() else "No rootlets were found"
        work.note(f"{what}, so there are no spinal levels.")
        return RecipeOutcome(found, record={"Cord": origin})
    levels = spinal_levels(found, cord, reach_mm=settings["reach_mm"], gaps=settings["gaps"])
    for remark in levels.remarks:
        work.note(remark)
    return RecipeOutcome(
        found,
        extras=(Extra(mask_type("levels"), levels.labels),) if levels.slices else (),
        soft_maps=_soft_maps(prediction, found, box, levels_of_slices),
        problems=check_labels(found, cord=cord),
        record={"Cord": origin, "LastLevel": settings["last_level"] or "n/a"},
    )


def cord_box(cord: LabelMap, margin_mm: float) -> Box:
    """Return the smallest box that holds the cord and ``margin_mm`` on each side, as far as the image goes.

    Raises
    ------
    InputError
        There is no cord.
    """
    tight = Box.around(cord.array)
    if tight is None:
        raise InputError(
            "There is no cord to look for rootlets around: no cord was found in this image.",
            "Draw a cord mask for the case (a rough one will do), or run another cord model first.",
        )
    margins = [math.ceil(margin_mm / size) for size in cord.geometry.spacing]
    start = [max(0, first - margin) for first, margin in zip(tight.start, margins, strict=True)]
    stop = [min(end, n + m) for end, n, m in zip(cord.array.shape, tight.stop, margins, strict=True)]
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _cord(work: RecipeWork) -> tuple[LabelMap, str]:
    """Return the case's own cord mask, or else what a model finds, and which of the two it is."""
    name, companion = work.settings["cord"], work.companion("cord")
    if companion is not None:
        return companion, "mask of the case"
    return work.predict([work.image], model=name).labels, f"model of {name}"


def _named(work: RecipeWork, seen: Image, drawn: LabelMap) -> tuple[LabelMap, np.ndarray | None]:
    """Return rootlets with levels; where the model leaves them unnamed, also the level of each slice."""
    if not drawn.scheme.has("rootlets"):
        return drawn, None
    name = work.settings["levels"]
    named = name_rootlets(drawn, work.predict([seen], model=name).labels)
    if named.unnamed:
        work.note(f"{named.unnamed} voxels of rootlets lie where {name} saw no level that it knows; they are left out.")
    return named.labels, named.levels


def _last_value(level: str) -> int | None:
    """Return the label of the last level that is believed; None to believe all."""
    return scheme("rootlets").value_of(f"rootlets_{level}") if level else None


def _up_to(labels: LabelMap, last: int | None) -> LabelMap:
    """Remove rootlets of levels below the last one that is believed."""
    if last is None:
        return labels
    target, _ = labels.converted(scheme("rootlets"))
    return replace(target, array=np.where(target.array > last, 0, target.array).astype(target.array.dtype))


def _soft_maps(
    prediction: Prediction, found: LabelMap, box: Box, levels_of_slices: np.ndarray | None
) -> tuple[SoftMap, ...]:
    """Return one map on the image's grid for each level that was found; 0 outside the box that the model saw."""
    if prediction.probabilities is None:
        return ()
    maps = []
    for value in np.unique(found.array[found.array != 0]):
        values = np.zeros(found.geometry.shape, dtype=np.float32)
        # The channel that wins where the level was found: registry entries may give channels other values.
        winners = prediction.probabilities[:, found.array[box.slices] == value].argmax(axis=0)
        likely = prediction.probabilities[np.bincount(winners).argmax()]
        values[box.slices] = likely if levels_of_slices is None else likely * (levels_of_slices == value)
        label = found.scheme[int(value)].structure.key.replace("_", "")
        name = found.scheme[int(value)].name
        maps.append(SoftMap(label, values, f"How likely each voxel is of the {name}, according to the model."))
    return tuple(maps)
