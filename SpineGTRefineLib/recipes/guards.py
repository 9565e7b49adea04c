"""Is this image one that a recipe and its model can make sense of? Refuse what cannot work, warn of what may not."""

from __future__ import annotations

import re

from ..bids import Case
from ..bids.jsonfiles import read_json
from ..errors import InputError
from ..imaging import FOOT_HEAD, Geometry, Image
from ..models import ModelEntry
from .definition import Recipe

_WEIGHTING = re.compile(r"(?<![a-z0-9])t([12])(?:w|wi)?(?![a-z0-9*])", re.IGNORECASE)
"""``T2``, ``t2w`` as a word of a name; not ``T2*``, not ``T2map``."""


def check_image(recipe: Recipe, image: Image, advice: str = "Choose another image, or another recipe.") -> None:
    """Refuse an image that is too small or too coarse for a recipe.

    Raises
    ------
    InputError
        Fewer slices, a shorter field of view or larger voxels than the recipe takes.
    """
    guard, grid = recipe.guard, image.geometry
    if min(grid.shape) < guard.min_slices:
        raise InputError(
            f"The image has {min(grid.shape)} slice(s) along one axis; {recipe.name} needs {guard.min_slices}.", advice
        )
    length = _length_mm(grid)
    if length < guard.min_length_mm:
        raise InputError(
            f"The image covers {length:.0f} mm from head to tail; {recipe.name} needs {guard.min_length_mm:.0f} mm.",
            advice,
        )
    if max(grid.spacing) > guard.max_voxel_mm:
        raise InputError(
            f"The voxels are up to {max(grid.spacing):.1f} mm long; {recipe.name} takes {guard.max_voxel_mm:.1f} mm.",
            advice,
        )


def contrast_of(case: Case) -> str:
    """Return the contrast of a case's image as a BIDS suffix: from its name, else from its sidecar; "" if neither says.

    What the scanner called the series (``SeriesDescription``, ``ProtocolName``) wins over words in a name that is none
    of BIDS.
    """
    if case.contrast:
        return case.contrast
    name = case.image.name.split(".")[0]
    sidecar = read_json(case.image.with_name(f"{name}.json")).content
    for text in (sidecar.get("SeriesDescription"), sidecar.get("ProtocolName"), name):
        if contrast := contrast_in(str(text or "")):
            return contrast
    return ""


def contrast_in(text: str) -> str:
    """Return the one weighting that a text names as a BIDS suffix; "" if it names none or several."""
    found = {f"T{kind}w" for kind in _WEIGHTING.findall(text.replace("_", " "))}
    return found.pop() if len(found) == 1 else ""


def contrast_warning(model: ModelEntry, contrast: str) -> str:
    """Return a warning if a model was not trained for a contrast, else "".

    Parameters
    ----------
    model
        The model that would run.
    contrast
        BIDS suffix of the image (``T2w``); "" if unknown.
    """
    if "any" in model.contrasts or contrast in model.contrasts:
        return ""
    known = ", ".join(model.contrasts)
    seen = f"the image is {contrast}" if contrast else "the contrast of the image is not known"
    return f"{model.name} was trained on {known}; {seen}. If its name is wrong, state the contrast with --contrast."


def _length_mm(grid: Geometry) -> float:
    """Extent along the array axis that runs from head to tail."""
    axis = grid.axis_along(FOOT_HEAD)
    return grid.shape[axis] * grid.spacing[axis]
