"""A model's result, or another rater's mask, beside the mask under edit: compared, and adopted in parts or whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ..anatomy import structure
from ..errors import GeometryError, UsageError
from ..imaging import LabelDifference, LabelMap, label_difference


@dataclass(frozen=True, eq=False)
class Proposal:
    """Voxels that somebody suggests.

    Parameters
    ----------
    labels
        On the grid and in the scheme of the mask under edit.
    title
        Who suggests them, for people: ``canal model r20260406``, ``rater AB``, ``last saved``.
    warnings
        What its maker wants to be known.
    """

    labels: LabelMap
    title: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scope:
    """Which part of a proposal to adopt; the default is all of it.

    Parameters
    ----------
    structures
        Keys of the structures; None for all.
    axis, first, last
        Slices along an array axis, both ends included; ``axis`` None for all slices.
    """

    structures: frozenset[str] | None = None
    axis: int | None = None
    first: int = 0
    last: int = 0

    def describe(self) -> str:
        """Return the scope in words, for the undo text."""
        what = "all" if self.structures is None else ", ".join(sorted(structure(key).name for key in self.structures))
        where = "" if self.axis is None else f" in slices {self.first}-{self.last}"
        return what + where


WHOLE = Scope()
"""All of a proposal."""


def compare(current: LabelMap, proposal: Proposal) -> LabelDifference:
    """Return, value by value, what adopting the whole proposal would change."""
    _check(current, proposal.labels)
    return label_difference(current, proposal.labels)


def adopted(current: LabelMap, proposal: Proposal, scope: Scope = WHOLE) -> LabelMap:
    """Return the mask with a part of a proposal taken over.

    Inside the slices of the scope, each chosen structure becomes exactly what the proposal says: its voxels are taken
    from whatever is there, and voxels that only the current mask gives it become background. Structures that were not
    chosen keep the voxels that no chosen one claims.

    Parameters
    ----------
    current
        The mask under edit; not changed.
    proposal
        What is suggested.
    scope
        Which part.

    Raises
    ------
    GeometryError
        The proposal lies on another grid.
    UsageError
        It is in another label scheme, or the slices are outside the grid.
    """
    _check(current, proposal.labels)
    place = _place(current, scope)
    suggested = proposal.labels.array[place]
    array = current.array.astype(np.promote_types(current.array.dtype, proposal.labels.array.dtype))
    if scope.structures is None:
        array[place] = suggested
        return current.with_array(array)
    values = _values(current, scope.structures)
    inside = array[place]
    inside[np.isin(inside, values)] = 0
    claimed = np.isin(suggested, values)
    inside[claimed] = suggested[claimed]
    return current.with_array(array)


def _check(current: LabelMap, suggested: LabelMap) -> None:
    if not suggested.geometry.matches(current.geometry):
        raise GeometryError(
            f"The proposal ({suggested.geometry}) lies on another grid than the mask ({current.geometry}).",
            "Resample it to the image's grid first.",
        )
    if suggested.scheme.name != current.scheme.name:
        raise UsageError(
            f"The proposal is in scheme {suggested.scheme.name!r}, the mask in {current.scheme.name!r}.",
            "Convert it first.",
        )


def _place(current: LabelMap, scope: Scope) -> tuple[slice, ...]:
    place = [slice(None)] * 3
    if scope.axis is not None:
        size = current.geometry.shape[scope.axis]
        if not 0 <= scope.first <= scope.last < size:
            raise UsageError(f"Slices {scope.first} to {scope.last} are not among the {size} slices of this axis.")
        place[scope.axis] = slice(scope.first, scope.last + 1)
    return tuple(place)


def _values(current: LabelMap, keys: Collection[str]) -> list[int]:
    return [current.scheme.value_of(key) for key in keys]
