"""The ``compatible`` policy: voxel for voxel what the original ``spineps_refine.py`` of TotalSpineSeg writes.

It is kept so that masks made with the original can be made again, weaknesses included: the first level that reaches a
Dice of 0.5 wins even if a later one fits better, a disc may become a vertebra, two vertebrae may take one level,
endplates and TotalSpineSeg structures without partner are lost. The ``anatomical`` policy has none of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..anatomy import LabelScheme
from ..errors import InputError
from .decisions import Decision, removal
from .overlap import OverlapTable, joint_histogram

ENOUGH_DICE = 0.5
NOT_MATCHED = (0, 1, 2, 11)
"""TotalSpineSeg values that are no candidates: background, cord, canal, and C1, which is copied."""

C1 = 11
FIRST_ENDPLATE = 200
FIRST_DISC = 100


def refine_compatible(
    vert: np.ndarray, totalspineseg: np.ndarray, canal: np.ndarray | None, scheme: LabelScheme
) -> tuple[np.ndarray, list[Decision]]:
    """Give SPINEPS instances the labels of TotalSpineSeg by the original's rule, then cut the canal.

    Parameters
    ----------
    vert, totalspineseg, canal
        Integer arrays on one grid; ``canal`` is cut where it is not 0 (None: nothing is cut).
    scheme
        Names the values in the decisions.

    Returns
    -------
    array
        Values of TotalSpineSeg, in its integer type.
    decisions
        What became of every structure.

    Raises
    ------
    InputError
        TotalSpineSeg holds no vertebra or disc below C1 (the original stops there as well).
    """
    table = joint_histogram(vert, totalspineseg)
    targets = [int(t) for t in table.columns if t not in NOT_MATCHED]
    sources = [int(s) for s in table.rows if 0 < s < FIRST_ENDPLATE]
    if sources and not targets:
        raise InputError("The TotalSpineSeg mask holds no vertebra or disc below C1, so no label can be given.")
    assigned = dict(zip(sources, _walk(table, sources, targets), strict=True))

    lookup = np.zeros(int(table.rows[-1]) + 1, dtype=totalspineseg.dtype)
    for source, (target, _) in assigned.items():
        lookup[source] = target or 0
    from_spineps = lookup[vert]
    array = np.where((from_spineps == 0) & (totalspineseg == C1), C1, from_spineps).astype(totalspineseg.dtype)
    decisions = [
        *_spineps_decisions(table, assigned, scheme),
        *_totalspineseg_decisions(table, assigned, array, scheme),
    ]
    if canal is not None:
        decisions += _cut_decisions(vert, array, canal, scheme)
        array[canal != 0] = 0
    return array, decisions


def _walk(table: OverlapTable, sources: Sequence[int], targets: Sequence[int]) -> Iterator[tuple[int | None, float]]:
    """Yield target and Dice for each source; the cursor over the targets goes on where the last source stopped."""
    dice = table.dice()[np.searchsorted(table.rows, sources)][:, np.searchsorted(table.columns, targets)]
    cursor = 0
    for source, scores in zip(sources, dice.tolist(), strict=True):
        order = [*range(cursor, len(targets)), *range(cursor)]
        chosen = next((t for t in order if scores[t] >= ENOUGH_DICE), None)
        if chosen is None:
            # A full round looks at the first target once more, which moves the cursor one further.
            cursor = (cursor + len(targets) + 1) % len(targets)
            rivals = [t for t in order if _same_class(source, targets[t]) and scores[t] > 0]
            chosen = max(rivals, key=lambda t: scores[t], default=None)  # the first of equals
        else:
            cursor = (chosen + 1) % len(targets)
        yield (None, 0.0) if chosen is None else (targets[chosen], scores[chosen])


def _same_class(source: int, target: int) -> bool:
    return 10 < target < 60 if source < FIRST_DISC else 60 < target < 101


def _spineps_decisions(
    table: OverlapTable, assigned: dict[int, tuple[int | None, float]], scheme: LabelScheme
) -> Iterator[Decision]:
    for source in (int(s) for s in table.rows if s != 0):
        voxels = table.row_size(source)
        if source >= FIRST_ENDPLATE:
            yield Decision("dropped", "spineps", source, voxels, reason="The original takes no endplates.")
            continue
        target, dice = assigned[source]
        if target is None:
            yield Decision("dropped", "spineps", source, voxels, reason="It overlaps no structure of its class.")
        else:
            reason = "First Dice of at least 0.5." if dice >= ENOUGH_DICE else "Best Dice of its class, below 0.5."
            yield Decision("kept", "spineps", source, voxels, _key(scheme, target), target, dice, reason)


def _totalspineseg_decisions(
    table: OverlapTable, assigned: dict[int, tuple[int | None, float]], array: np.ndarray, scheme: LabelScheme
) -> Iterator[Decision]:
    taken = {target for target, _ in assigned.values()}
    for target in (int(t) for t in table.columns if t > 2):
        if target == C1:
            written = int(np.count_nonzero(array == C1))
            yield Decision("filled", "totalspineseg", C1, written, _key(scheme, C1), C1, reason="C1 is copied.")
        elif target not in taken:
            reason = "No instance was given this label; the original leaves it out."
            yield Decision("skipped", "totalspineseg", target, table.column_size(target), reason=reason)


def _cut_decisions(vert: np.ndarray, array: np.ndarray, canal: np.ndarray, scheme: LabelScheme) -> Iterator[Decision]:
    inside = (canal != 0) & (array != 0)
    lost = joint_histogram(vert[inside], array[inside])
    for row, source in enumerate(lost.rows):
        for column, value in enumerate(lost.columns):
            voxels = int(lost.voxels[row, column])
            if voxels and value:
                yield removal("cut", int(source), int(value), voxels, _key(scheme, int(value)), "Inside the canal.")


def _key(scheme: LabelScheme, value: int) -> str | None:
    return scheme[value].structure.key if value in scheme else None
