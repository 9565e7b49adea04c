"""What the steps on label maps ask of their inputs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..anatomy import LabelScheme
from ..errors import GeometryError, UsageError
from ..imaging import LabelMap


def require_same_grid(labels: LabelMap, other: LabelMap, name: str, than: str = "mask") -> None:
    """Refuse two masks that do not lie on one grid.

    Parameters
    ----------
    labels, other
        The masks.
    name, than
        What ``other`` and ``labels`` are, for the message.

    Raises
    ------
    GeometryError
        The grids differ.
    """
    if not labels.geometry.matches(other.geometry):
        raise GeometryError(
            f"The {name} lies on another grid than the {than}: {other.geometry.told_from(labels.geometry)}.",
            "If both belong to one image and no header was changed, resample one of them "
            "(in Python: SpineGTRefineLib.imaging.resample_labels).",
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
    """Return the label values of structures (one key, or several); None (all) for None."""
    if only is None:
        return None
    return [scheme.value_of(key) for key in ([only] if isinstance(only, str) else only)]


def values_of_kinds(labels: LabelMap, kinds: Iterable[str]) -> list[int]:
    """Return the values of all structures of some kinds in a map's scheme."""
    return [entry.value for entry in labels.scheme.of_kind(*kinds)]
