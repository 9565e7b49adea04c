"""Who lies above and below whom along the spine, with more or fewer vertebrae than usual.

The disc below T12 is T12-L1 in most people and T12-T13 in those with a thirteenth thoracic vertebra; the lumbosacral
disc lies below L4, L5 or L6. Which one holds is read from what is present; where that says nothing (the image ends
there), the usual anatomy is assumed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from .structures import Structure, structure, structures

_COLUMN_KINDS = ("vertebra", "sacrum")


def spine_order(keys: Iterable[str]) -> tuple[str, ...]:
    """Sort structure keys from head to tail.

    Keys of what runs along the spine (cord, canal) have no place in such an order and are left out. Only structures of
    one sequence compare: vertebrae with discs, endplates, sacrum and coccyx; spinal levels among themselves; and so on.
    """
    ordered = [(entry.order, entry.key) for entry in map(structure, set(keys)) if entry.order is not None]
    return tuple(key for _, key in sorted(ordered))


def disc_below(vertebra: str, present: Collection[str]) -> str | None:
    """Return the key of the disc directly below a vertebra.

    Parameters
    ----------
    vertebra
        Key of a vertebra, for example ``vertebra_L4``.
    present
        Keys of the structures that exist in this person. A disc or endplate vouches for the vertebrae it touches.

    Returns
    -------
    str or None
        ``disc_L-S`` below the last lumbar vertebra, whichever it is; None below C1 and the sacrum, where no disc is.
    """
    candidates = _discs_below(structure(vertebra).key)
    if not candidates:
        return None
    following = _next_in_column(vertebra, present)
    for disc in candidates:
        if disc.below == following:
            return disc.key
    return min(candidates, key=lambda disc: disc.variant).key


def vertebra_above(disc: str, present: Collection[str] = ()) -> str | None:
    """Return the key of the vertebra directly above a disc; for the lumbosacral disc the last lumbar one present."""
    above = structure(disc).above
    known = _column_members(present)
    for vertebra in reversed(spine_order(above)):
        if vertebra in known:
            return vertebra
    usual = (vertebra for vertebra in above if disc_below(vertebra, ()) == disc)
    return next(usual, above[0] if above else None)


def vertebra_below(disc: str, present: Collection[str] = ()) -> str | None:
    """Return the key of the vertebra, or the sacrum, directly below a disc."""
    return structure(resolve_disc(disc, present)).below


def resolve_disc(disc: str, present: Collection[str]) -> str:
    """Return the anatomical key of a disc that is only known as "the one below that vertebra".

    TPTBox and SPINEPS number discs by the vertebra above, so their 124 is L5-L6 where L6 exists and the lumbosacral
    disc elsewhere. Keys that already name an anatomical disc, and keys of other structures, come back unchanged.
    """
    entry = structure(disc)
    if not is_relative_disc(entry):
        return disc
    return disc_below(entry.above[0], present) or disc


def is_relative_disc(entry: Structure) -> bool:
    """Whether a structure is a disc whose anatomical name depends on which vertebrae exist."""
    return entry.kind == "disc" and entry.below is None and any(_discs_below(key) for key in entry.above)


@cache
def _discs_below(vertebra: str) -> tuple[Structure, ...]:
    """Anatomical discs that can lie directly below a vertebra, from head to tail."""
    return tuple(entry for entry in structures().values() if entry.below is not None and vertebra in entry.above)


def _next_in_column(vertebra: str, present: Collection[str]) -> str | None:
    column = spine_order({*_column_members(present), vertebra})
    return next(iter(column[column.index(vertebra) + 1 :]), None)


def _column_members(present: Collection[str]) -> set[str]:
    """Vertebrae and sacrum among ``present``, and those that a disc or endplate among them touches."""
    members: set[str] = set()
    for entry in map(structure, present):
        touched = [entry.key, entry.below or "", entry.above[0] if len(entry.above) == 1 else ""]
        members.update(key for key in touched if key and structure(key).kind in _COLUMN_KINDS)
    return members
