"""Where raters put the levels of a case along the cord, if its dataset holds what that is measured with."""

from __future__ import annotations

from collections.abc import Mapping

from ...bids import Case, Dataset, load_mask, mask_type
from ...imaging import LabelMap, read_labels
from ..evaluation import LevelExtent, level_extents, pmj_position

JUNCTION = "point_pontomedullary_junction"


def heights_of_case(
    dataset: Dataset, case: Case, masks: Mapping[str, LabelMap]
) -> dict[str, tuple[LevelExtent, ...]] | None:
    """Measure the levels from the pontomedullary junction, along the cord.

    Parameters
    ----------
    dataset, case
        The cord is the case's cord mask, the junction a point among its disc landmarks.
    masks
        Rootlets by rater.

    Returns
    -------
    dict or None
        The levels by rater; None where the dataset lacks the cord or the junction.

    Raises
    ------
    GeometryError
        Rootlets and cord lie on different grids.
    UsageError
        The junction is not above the cord.
    """
    cord, landmarks = load_mask(dataset, case, mask_type("cord")), _landmarks(case)
    if cord is None or landmarks is None:
        return None
    junction = pmj_position(landmarks)
    return {rater: level_extents(mask, cord, junction) for rater, mask in masks.items()}


def _landmarks(case: Case) -> LabelMap | None:
    """Return the first map of landmarks that holds the junction."""
    kind = mask_type("discs")
    maps = (read_labels(mask.path, kind.scheme) for mask in case.masks_of(kind))
    return next((labels for labels in maps if kind.scheme.value_of(JUNCTION) in labels.values()), None)
