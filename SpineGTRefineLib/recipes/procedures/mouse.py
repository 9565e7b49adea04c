"""Gray and white matter of a mouse's cord: the declared voxel size first, then a network for volumes or for slices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...imaging import LabelMap
from ..voxel_size import check_voxel_size, declared_size, refuse_size, with_voxel_size
from ..work import RecipeOutcome, RecipeWork

SETTINGS: dict[str, Any] = {
    "voxel_mm": "",
    "largest_voxel_mm": 0.2,
    "slice_model": "demo_mouse_2d",
}
"""``voxel_mm``: the true voxel size, one number or three, where the header tells a wrong one. ``largest_voxel_mm``:
larger ones are refused. ``slice_model``: runs where the image is a single slice."""


def check(settings: Mapping[str, Any]) -> None:
    """Refuse a size that no voxel has."""
    declared_size(settings["voxel_mm"])


def run(work: RecipeWork) -> RecipeOutcome:
    """Label gray (1) and white (2) matter; one voxel never gets both."""
    check = check_voxel_size(work.image, declared_size(work.settings["voxel_mm"]))
    refuse_size(check, work.settings["largest_voxel_mm"])
    image = work.image
    if check.differs:
        work.note(check.preview())
        image = with_voxel_size(image, check.used_mm)
    found = work.predict([image], model=_model_for_slices(work)).labels
    # The mask lies where its image lies, by the image's own header: only the network saw the declared size.
    labels = LabelMap(found.array, work.image.geometry, found.scheme)
    return RecipeOutcome(labels, record=check.record())


def _model_for_slices(work: RecipeWork) -> str | None:
    name = work.settings["slice_model"]
    if min(work.image.geometry.shape) > 1 or work.model.entry.name == name:
        return None
    work.note(f"The image is a single slice; {name} ran instead of {work.model.entry.name}.")
    return str(name)
