"""Spine, sacrum, canal and cord in one map, and back.

Which mask lies over which, and what each is called in the one map, stands in ``Resources/Anatomy/composition.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..anatomy import scheme
from ..anatomy.tables import naming_the_row, read_rows
from ..errors import LabelError, UsageError
from ..imaging import LabelMap
from ..resources import resource_path
from .inputs import require_same_grid

COMPOSED_SCHEME = "spine"
"""Scheme of the one map: TotalSpineSeg's values, and the house's for what TotalSpineSeg lacks."""


@dataclass(frozen=True)
class Layer:
    """One mask of the composition.

    Parameters
    ----------
    mask
        Name of the mask (and of its mask type).
    structure
        The structure that it shows; "" for the lowest layer, which shows many.
    composed
        What the structure is called in the one map.
    includes
        Structure of a higher layer that belongs to this one as well (the cord lies in the whole canal); "" for none.
    """

    mask: str
    structure: str
    composed: str
    includes: str


@cache
def layers() -> tuple[Layer, ...]:
    """Masks of the composition, from the lowest to the one that lies over all others."""
    path = resource_path("Anatomy", "composition.csv")
    found = []
    for line, row in read_rows(path, ("Mask", "Structure", "Composed", "Includes")):
        with naming_the_row(path, line):
            for key in filter(None, (row["Composed"], row["Includes"])):
                if not scheme(COMPOSED_SCHEME).has(key):
                    raise ValueError(f"the scheme {COMPOSED_SCHEME!r} has no {key!r}")
        found.append(Layer(row["Mask"], row["Structure"], row["Composed"], row["Includes"]))
    return tuple(found)


def compose(masks: Mapping[str, LabelMap]) -> LabelMap:
    """Lay masks over each other into one map.

    Parameters
    ----------
    masks
        By name: ``spine`` (vertebrae, discs), ``sacrum``, ``canal`` (cord included), ``cord``. Any of them may be
        missing; all that are there lie on one grid.

    Returns
    -------
    LabelMap
        Scheme ``spine``, uint8. A mask replaces what the lower ones say of its structure: with a canal mask, canal
        voxels of the spine mask count no more.

    Raises
    ------
    GeometryError
        The grids differ.
    LabelError
        A mask of one structure is in the scheme of another one, or holds values that its scheme does not know.
    UsageError
        There is no mask, or one with a name that has no place in the composition.
    """
    unknown = sorted(set(masks) - {layer.mask for layer in layers()})
    if unknown or not masks:
        known = ", ".join(layer.mask for layer in layers())
        raise UsageError(
            f"There is no place for {unknown[0]!r}." if unknown else "There is no mask.", f"Give: {known}."
        )
    target = scheme(COMPOSED_SCHEME)
    present = [layer for layer in layers() if layer.mask in masks]
    grid = masks[present[0].mask]
    array = np.zeros(grid.geometry.shape, dtype=np.uint8)
    for layer in present:
        require_same_grid(grid, masks[layer.mask], f"{layer.mask} mask")
        if not layer.structure:
            base, _ = masks[layer.mask].converted(target)
            array = base.array.astype(np.uint8)
            replaced = [target.value_of(other.composed) for other in present if other.composed]
            array[np.isin(array, replaced)] = 0
        else:
            array[_one_structure(masks[layer.mask], layer.mask)] = target.value_of(layer.composed)
    return LabelMap(array, grid.geometry, target, grid.source)


def _one_structure(mask: LabelMap, name: str) -> np.ndarray:
    """Boolean array of a mask that shows one structure alone; a map of many is not taken for it."""
    if mask.scheme.name != name:
        raise LabelError(
            f"The {name} mask is in the label scheme {mask.scheme.name!r}, expected {name!r}.",
            "Give the mask of that structure alone (decompose takes one map apart).",
        )
    mask.require_known_values()
    return np.asarray(mask.array != 0)


def decompose(composed: LabelMap) -> dict[str, LabelMap]:
    """Take a composed map apart; composing the parts again gives the same map.

    Parameters
    ----------
    composed
        A map in the scheme ``spine`` or one that converts to it (``totalspineseg``).

    Returns
    -------
    dict
        Masks by name, as :func:`compose` takes them; only those that hold something. What a higher mask covered
        is lost: a vertebra does not come back under the canal.
    """
    target = scheme(COMPOSED_SCHEME)
    one, _ = composed.converted(target)
    parts: dict[str, LabelMap] = {}
    own = [target.value_of(layer.composed) for layer in layers() if layer.composed]
    for layer in layers():
        if not layer.structure:
            parts[layer.mask] = one.with_array(np.where(one.mask(own), 0, one.array))
            continue
        keys = filter(None, (layer.composed, layer.includes))
        inside = one.mask([target.value_of(key) for key in keys])
        meaning = scheme(layer.mask)
        array = inside.astype(np.uint8) * meaning.value_of(layer.structure)
        parts[layer.mask] = LabelMap(array, composed.geometry, meaning, composed.source)
    return {name: part for name, part in parts.items() if part.array.any()}
