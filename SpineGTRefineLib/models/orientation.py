"""Orientation letters of models: the house's, and those of the Spinal Cord Toolbox."""

from __future__ import annotations

_AXES = ("RL", "AP", "SI")
_OPPOSITE = str.maketrans("RLAPSI", "LRPAIS")


def check_axcodes(letters: object) -> str:
    """Return ``letters`` if they name three different axes, for example ``"RAS"``.

    Raises
    ------
    ValueError
        They do not.
    """
    if (
        not isinstance(letters, str)
        or len(letters) != 3
        or any(sum(letter in axis for letter in letters) != 1 for axis in _AXES)
    ):
        raise ValueError(f"must be three orientation letters such as 'RAS'; got {letters!r}.")
    return letters


def from_sct(letters: object) -> str:
    """Translate the Spinal Cord Toolbox's letters, which name where an axis comes *from*: its LPI is our RAS.

    Raises
    ------
    ValueError
        The letters do not name three different axes.
    """
    return check_axcodes(letters).translate(_OPPOSITE)


def to_sct(axcodes: object) -> str:
    """Translate house letters to those of the Spinal Cord Toolbox: our RAS is its LPI.

    Raises
    ------
    ValueError
        The letters do not name three different axes.
    """
    return from_sct(axcodes)  # turning each letter round is its own inverse
