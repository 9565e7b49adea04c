"""Steps that clean structures: the largest piece of each, no small pieces, no holes.

Every step looks at all labels of the whole map in one pass and returns a new map.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ..errors import UsageError
from ..imaging import LabelMap
from . import components, holes
from .inputs import require_positive, values_of

NEIGHBOURS = {6: 1, 18: 2, 26: 3}
"""From the number of voxels that count as neighbours to scipy's connectivity."""


def largest_component(
    labels: LabelMap, *, connectivity: int = 26, keep_mm3: float | None = None, only: Collection[str] | None = None
) -> LabelMap:
    """Keep the largest connected piece of every structure.

    Parameters
    ----------
    labels
        The map; not changed.
    connectivity
        6 (voxels that share a face), 18 (an edge) or 26 (a corner). TotalSpineSeg and the sacrum model use 26, the
        canal model and the Spinal Cord Toolbox 6.
    keep_mm3
        Other pieces at least this large stay as well. None: only the largest stays.
    only
        Keys of the structures to clean; None for all.

    Returns
    -------
    LabelMap
        Of equal pieces the one that comes first in the array is kept. No structure disappears.
    """
    smallest = float("inf") if keep_mm3 is None else keep_mm3 / labels.geometry.voxel_volume
    cleaned = components.remove_small(labels.array, smallest, _scipy_connectivity(connectivity), keep_largest=True)
    return _changed(labels, cleaned, only)


def remove_small(
    labels: LabelMap,
    minimum_mm3: float,
    *,
    connectivity: int = 26,
    keep_largest: bool = True,
    only: Collection[str] | None = None,
) -> LabelMap:
    """Remove connected pieces of less than ``minimum_mm3`` cubic millimetres.

    ``keep_largest`` keeps the largest piece of a structure however small it is, so that none disappears; the other
    parameters are those of :func:`largest_component`.
    """
    require_positive(minimum_mm3, "smallest volume")
    voxels = minimum_mm3 / labels.geometry.voxel_volume * (1 - 1e-9)  # a piece of just this volume stays
    cleaned = components.remove_small(
        labels.array, voxels, _scipy_connectivity(connectivity), keep_largest=keep_largest
    )
    return _changed(labels, cleaned, only)


def fill_holes(labels: LabelMap, *, only: Collection[str] | None = None) -> LabelMap:
    """Fill background that a structure encloses; see :func:`.holes.fill_holes` for what counts as a hole.

    ``only`` names the structures whose holes are filled; None for all.
    """
    return _changed(labels, holes.fill_holes(labels.array), only)


def _scipy_connectivity(neighbours: int) -> int:
    if neighbours not in NEIGHBOURS:
        raise UsageError(f"A voxel has 6, 18 or 26 neighbours; got {neighbours}.")
    return NEIGHBOURS[neighbours]


def _changed(labels: LabelMap, array: np.ndarray, only: Collection[str] | None) -> LabelMap:
    """Take over what changed in the chosen structures (lost by them or gained by them)."""
    values = values_of(labels.scheme, only)
    if values is not None:
        array = np.where(np.isin(np.maximum(labels.array, array), values), array, labels.array)
    return labels.with_array(array)
