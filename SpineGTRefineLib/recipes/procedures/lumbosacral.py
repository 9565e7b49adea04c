"""The lumbosacral cord: find it coarsely, cut a fine box around it, segment that, and bring the mask back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...errors import InputError, UsageError
from ..cord_crop import (
    WORKING_VOXEL_MM,
    box_around,
    centerline_of,
    cut_faces,
    cut_image,
    points_inside,
    restore_native,
)
from ..straighten import CordWindow
from ..work import RecipeOutcome, RecipeWork

SETTINGS: dict[str, Any] = {
    "points": "",
    "coarse": "cord",
    "native_slices": False,
    "voxel_mm": WORKING_VOXEL_MM,
    "across_mm": 16.0,
    "along_mm": 20.0,
    "straight": False,
}
"""``points``: points on the cord, ``x y z; x y z`` in RAS mm; without them the model or recipe ``coarse`` finds it.
``native_slices``: keep the image's voxel size along the cord instead of ``voxel_mm``. ``across_mm``, ``along_mm``: how
far the box reaches beyond the cord's course. ``straight``: straighten the cord in the box. A model that was trained so
says it (``parts`` of its entry) and needs no setting; one from elsewhere may."""


def check(settings: Mapping[str, Any]) -> None:
    """Refuse what are no points."""
    parse_points(settings["points"])


def run(work: RecipeWork) -> RecipeOutcome:
    """Segment the cord in a box around its course."""
    settings, grid = work.settings, work.image.geometry
    points = parse_points(settings["points"])
    origin = "points by hand" if len(points) else f"coarse cord of {settings['coarse']}"
    course = points_inside(grid, points if len(points) else _coarse_course(work))
    box = box_around(
        grid,
        course,
        across_mm=settings["across_mm"],
        along_mm=settings["along_mm"],
        voxel_mm=settings["voxel_mm"],
        native_slices=settings["native_slices"],
    )
    is_straight = settings["straight"] or work.model.entry.parts == "straight"
    window = CordWindow.following(course, box, settings["across_mm"]) if is_straight else None
    cut = cut_image(work.image, box)
    found = work.predict([cut if window is None else window.straighten(cut)]).labels
    if faces := cut_faces(found, grid):
        work.note(
            f"The mask touches the {', '.join(faces)} end of the box, and may go on beyond it. "
            "Enlarge the box with --set along_mm=40 or --set across_mm=25, or give points further on."
        )
    record = {
        "Centerline": origin,
        "WorkingShape": list(box.shape),
        "WorkingVoxelSize": [round(size, 6) for size in box.spacing],
        **({} if window is None else {"StraightenedShape": list(window.shape)}),
    }
    return RecipeOutcome(restore_native(found if window is None else window.restore(found), grid), record=record)


def parse_points(text: str) -> np.ndarray:
    """Return points (n, 3) in RAS mm from a text such as ``0 -20 310; 1 -25 280``; none from an empty one.

    Raises
    ------
    UsageError
        The text holds something else than three numbers for each point.
    """
    try:
        rows = [
            [float(number) for number in part.replace(",", " ").split()] for part in text.split(";") if part.strip()
        ]
    except ValueError:
        rows = [[]]
    if any(len(row) != 3 or not np.isfinite(row).all() for row in rows):
        raise UsageError(
            f"{text!r} are no points on the cord.", "Write x y z in millimeters: --set points='0 -20 310; 1 -25 280'"
        )
    return np.array(rows).reshape(-1, 3)


def _coarse_course(work: RecipeWork) -> np.ndarray:
    coarse = work.predict([work.image], model=work.settings["coarse"]).labels
    if not coarse.array.any():
        raise InputError(
            f"No cord was found to cut a box around ({work.settings['coarse']} found nothing).",
            "Give a point or more on the cord, as Slicer shows them in RAS: --set points='0 -20 310; 1 -25 280'",
        )
    return centerline_of(coarse)
