"""What the steps on label maps ask of their inputs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..anatomy import LabelScheme
from ..errors import GeometryError, UsageError
from ..imaging import LabelMap


def require_same_grid(labels: LabelMap, other: LabelMap, name: str) -> None:
    """Refuse two masks that do not lie on one grid.

    Parameters
    ----------
    labels, other
        The masks.
    name
        What ``other`` is, for the message.

    Raises
    ------
    GeometryError
        The grids differ.
    """
    if labels.geometry.matches(other.geometry):
        return
    if str(labels.geometry) == str(other.geometry):
        distance = labels.geometry.distance_to(other.geometry)
        raise GeometryError(
            f"The {name} and the mask have grids of one size ({labels.geometry}), up to {distance:.3g} mm apart.",
            "Check that both belong to one image, and that no header was changed.",
        )
    raise GeometryError(
        f"The {name} ({other.geometry}) lies on another grid than the mask ({labels.geometry}).",
        "Resample one of them to the grid of the other first (in Python: SpineGTRefineLib.imaging.resample_labels).",
    )


def require_positive(amount: float, what: str) -> None:
    """Refuse an amount that is not above 0.

    Raises
    ------
    UsageError
        It is 0, negative, infinite or no number.
    """
    if not 0 < amount < float("inf"):
        raise UsageError(f"The {what} must be above 0; got {amount:g}.")


def values_of(scheme: LabelScheme, only: Collection[str] | None) -> list[int] | None:
    """Return the label values of structures; None (all) for None."""
    return None if only is None else [scheme.value_of(key) for key in only]


def values_of_kinds(labels: LabelMap, kinds: Iterable[str]) -> list[int]:
    """Return the values of all structures of some kinds in a map's scheme."""
    return [entry.value for entry in labels.scheme.of_kind(*kinds)]
