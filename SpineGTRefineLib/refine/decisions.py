"""What a refinement decided, one line per decision: nothing moves or disappears without one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Action = Literal[
    "kept",  # an instance became one level
    "relabelled",  # the same, and its own name said another level
    "joined",  # a fragment was added to a level that has its main part
    "split",  # a part of an instance that covers several levels
    "inferred",  # no partner; the level follows from the neighbours
    "duplicate",  # not written: its level already has another vertebra or disc
    "dropped",  # not written: no level fits
    "overwritten",  # written, then covered by another structure
    "filled",  # taken from TotalSpineSeg because no instance has this level
    "skipped",  # a TotalSpineSeg structure without partner that was not taken
    "cut",  # removed because it lies in the canal
    "cleaned",  # a speck that the canal cut left over, removed
]

WRITES: frozenset[str] = frozenset({"kept", "relabelled", "joined", "split", "inferred"})
"""Actions that write voxels of a SPINEPS instance."""

WITHHOLDS: frozenset[str] = frozenset({"duplicate", "dropped"})
"""Actions that leave voxels of a SPINEPS instance out."""

REMOVES: frozenset[str] = frozenset({"cut", "cleaned", "overwritten"})
"""Actions that take away voxels that were written before."""


@dataclass(frozen=True)
class Decision:
    """One decision about one structure of one input.

    Parameters
    ----------
    action
        What was done.
    source
        ``spineps`` or ``totalspineseg``: whose voxels these are.
    source_value
        Value of the structure in that input.
    voxels
        Number of voxels the decision is about.
    structure
        Key of the structure in the result, or None where nothing was written.
    value
        Its value in the result, or None.
    dice
        Dice score with the TotalSpineSeg structure of that level, or None where there is none.
    reason
        One sentence for people.

    Notes
    -----
    For every SPINEPS value, the voxels of its ``WRITES`` and ``WITHHOLDS`` decisions sum to its voxels in the input;
    less its ``REMOVES`` decisions, the written ones are what the result holds.
    """

    action: Action
    source: Literal["spineps", "totalspineseg"]
    source_value: int
    voxels: int
    structure: str | None = None
    value: int | None = None
    dice: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the decision as plain JSON values; Dice rounded to 4 digits."""
        values = asdict(self)
        if self.dice is not None:
            values["dice"] = round(self.dice, 4)
        return values


def removal(action: Action, instance: int, value: int, voxels: int, structure: str | None, reason: str) -> Decision:
    """Return the decision that takes written voxels away.

    Parameters
    ----------
    instance
        SPINEPS value of these voxels, or 0 where they came from TotalSpineSeg.
    value, structure
        What they had become in the result.
    """
    if instance:
        return Decision(action, "spineps", instance, voxels, structure, value, None, reason)
    return Decision(action, "totalspineseg", value, voxels, structure, value, None, reason)
