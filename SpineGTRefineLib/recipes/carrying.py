"""Carry a mask from one image of a person to another one, and say how far the result can be believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..errors import GeometryError, InputError
from ..imaging import Image, LabelMap, forms_disagree, reorient, resample_image, resample_labels
from ..imaging.registration import Method, Registration, by_header, register
from .grids import SAME_PLACE_MM, onto_grid

AUTO = "auto"
"""Register rigidly, and go back to the headers where the registration cannot be believed and they can."""


@dataclass(frozen=True, eq=False)
class Carried:
    """A mask on the grid of another image.

    Parameters
    ----------
    labels
        The mask.
    registration
        How it came there.
    image
        The image that it was drawn on, brought onto the grid in the same way: for a picture.
    notes
        What a person should know before using it.
    """

    labels: LabelMap
    registration: Registration
    image: Image
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Return the numbers for the sidecar."""
        found = self.registration
        return {
            "Method": found.method,
            "Similarity": round(found.similarity, 4),
            "SimilarityByHeader": round(found.similarity_by_header, 4),
            "InconsistencyMM": round(found.inconsistency_mm, 3),
            "ShiftMM": round(self.shift_mm, 2),
            "RotationDegrees": round(found.rotation_degrees, 2),
        }

    @property
    def shift_mm(self) -> float:
        """Mean distance by which the mask was moved against its place by the headers."""
        inside = np.argwhere(self.labels.array > 0)
        return self.registration.shift_mm(self.labels.geometry.to_world(inside)) if len(inside) else 0.0

    def summary(self) -> str:
        """Return one line for a person."""
        found = self.registration
        if found.method == "header":
            return f"by header, similarity {found.similarity:.3f}"
        return (
            f"{found.method}, moved {self.shift_mm:.1f} mm and {found.rotation_degrees:.1f} degrees, "
            f"similarity {found.similarity_by_header:.3f} to {found.similarity:.3f}, "
            f"there and back {found.inconsistency_mm:.2f} mm"
        )


def carry(
    labels: LabelMap, source: Image, target: Image, method: str = AUTO, *, cancel: Callable[[], bool] = lambda: False
) -> Carried:
    """Bring a mask of ``source`` onto the grid of ``target``.

    Parameters
    ----------
    labels
        The mask; on the grid of ``source``, or on one of its own in the same place.
    source, target
        Two images of one person.
    method
        ``header``, ``rigid``, ``affine`` or :data:`AUTO`.
    cancel
        Asked now and then.

    Raises
    ------
    GeometryError
        The place would rest on a header that contradicts itself (its qform and sform place the volume differently):
        the method is ``header``, or the registration of :data:`AUTO` cannot be believed, or the mask has another grid
        than its image. Or the mask does not lie on its image.
    InputError
        The mask is empty or ends up outside of the target, or the images share too little to be registered.
    CancelledError
        ``cancel`` returned True.
    """
    if not labels.array.any():
        raise InputError("The mask is empty; there is nothing to carry.", "Choose another mask.")
    conflicts = _conflicts({"mask": labels, "image it was drawn on": source})
    if conflicts and not _share_voxels(labels, source):
        raise _refusal(conflicts, "The mask has another grid than its image, so only headers relate the two.")
    conflicts += _conflicts({"image that gets it": target})
    if conflicts and method == "header":
        raise _refusal(conflicts, "Method header needs headers that agree with themselves.")
    on_source, note = onto_grid(labels, source.geometry, "carried")
    registration, doubt = _place(source, target, method, conflicts, cancel)
    # Not through the grid of the image: every resampling costs half a voxel.
    placed = resample_labels(labels, target.geometry, registration.placement)
    if not placed.array.any():
        raise InputError(
            "Nothing of the mask lies inside the other image.",
            "The fields of view do not overlap there; choose another image.",
        )
    moved = resample_image(source, target.geometry, registration.placement)
    lost = _cut_off(on_source, target, registration)
    return Carried(placed, registration, moved, tuple(filter(None, [*conflicts, note, doubt, lost])))


def _place(
    source: Image, target: Image, method: str, conflicts: list[str], cancel: Callable[[], bool]
) -> tuple[Registration, str]:
    """Return where the source lies in the target, and a doubt about it."""
    if method != AUTO:  # register() refuses an unknown one, naming those there are
        found = register(target, source, cast("Method", method), cancel=cancel)
        return found, _doubt(found)
    try:
        found = register(target, source, "rigid", cancel=cancel)
        doubt = _doubt(found)
    except InputError as error:
        doubt = f"The rigid registration failed: {error.cause}"
    if not doubt:
        return found, ""
    if conflicts:
        raise _refusal(conflicts, doubt)
    return by_header(target, source), f"{doubt} The headers are used."


def _doubt(found: Registration) -> str:
    if found.is_believable:
        return ""
    return f"The {found.method} registration is not to be trusted: {', and '.join(found.doubts)}."


def _share_voxels(labels: LabelMap, image: Image) -> bool:
    """Whether a mask and an image have one voxel grid, wherever their headers place it."""
    return reorient(labels, image.geometry.axcodes).geometry.distance_to(image.geometry) <= SAME_PLACE_MM


def _refusal(conflicts: list[str], why: str) -> GeometryError:
    """Return the error for a place that would be a guess between two positions of one file."""
    return GeometryError(
        " ".join([*conflicts, why]),
        "Look at the file in a viewer, see which of the two is right, and set the other one alike; or try --method "
        "rigid and look at the picture.",
    )


def _conflicts(volumes: Mapping[str, Image | LabelMap]) -> list[str]:
    found = []
    for name, volume in volumes.items():
        disagreement = forms_disagree(volume.source.header) if volume.source is not None else ""
        if disagreement:
            found.append(f"The header of the {name} contradicts itself: {disagreement}.")
    return found


def _cut_off(labels: LabelMap, target: Image, registration: Registration) -> str:
    """Say how much of the mask lies outside of the target's field of view."""
    inside = labels.geometry.to_world(np.argwhere(labels.array > 0))
    back = np.linalg.inv(registration.placement)
    index = target.geometry.to_index(inside @ back[:3, :3].T + back[:3, 3])
    outside = ((index < -0.5) | (index > np.array(target.geometry.shape) - 0.5)).any(axis=1).mean()
    return f"{outside:.0%} of the mask lies outside of this image and is cut off." if outside >= 0.01 else ""
