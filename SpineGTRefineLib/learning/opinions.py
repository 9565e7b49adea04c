"""Files with what a model says about a case beside its mask: where it is unsure, and where a mirror changes its mind.

They lie beside the mask, ``CASE.nii.gz``, and are called ``CASE_uncertainty.nii.gz`` and so on. What they hold is said
at :class:`SpineGTRefineLib.models.Prediction`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..imaging import Image, write_image

if TYPE_CHECKING:
    from ..models import Prediction

OPINIONS = ("uncertainty", "flip_disagreement")
"""Outputs of :func:`SpineGTRefineLib.models.predict` that become a file."""

_ENDINGS = (".nii.gz", ".nii")


def opinion_path(mask: Path, opinion: str) -> Path:
    """Return the place of one of :data:`OPINIONS` beside a mask."""
    return mask.with_name(f"{_stem(mask)}_{opinion}.nii.gz")


def is_opinion(path: Path) -> bool:
    """Whether a file is called like an opinion, and so is no mask."""
    return _stem(path).endswith(tuple(f"_{opinion}" for opinion in OPINIONS))


def write_opinions(mask: Path, prediction: Prediction, image: Image) -> None:
    """Write the opinions that a prediction holds beside its mask.

    Parameters
    ----------
    mask
        The file of its labels.
    prediction
        On the grid of ``image``.
    image
        Lends its header.

    Raises
    ------
    WriteError
        The file system refused.
    """
    for opinion in OPINIONS:
        values: np.ndarray | None = getattr(prediction, opinion)
        if values is not None:
            write_image(opinion_path(mask, opinion), Image(values, image.geometry, image.source))


def _stem(path: Path) -> str:
    return next((path.name.removesuffix(ending) for ending in _ENDINGS if path.name.endswith(ending)), path.name)
