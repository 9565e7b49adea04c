"""What a check says: which structure, where, how bad, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
"""``error``: cannot be right. ``warning``: look at it. ``info``: unusual or cut off, but possible."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From the worst to the mildest."""


def in_voxels(count: int) -> str:
    """Return a number of voxels as people write it."""
    return f"{count} voxel" if count == 1 else f"{count} voxels"


@dataclass(frozen=True)
class Problem:
    """Something suspicious in a mask.

    Parameters
    ----------
    rule
        Name of the rule, for example ``one_piece``.
    severity
        See :data:`Severity`.
    structure
        Key of the structure, or None where the mask as a whole is meant.
    value
        Its label value, or None.
    slice
        Axis of the file (0 to 2) and slice index that shows the problem, or None where it has no place.
    position
        RAS millimetres of a voxel that shows the problem, or None.
    message
        What is wrong, in words for a clinician.
    remedy
        What to do about it.
    """

    rule: str
    severity: Severity
    structure: str | None
    value: int | None
    slice: tuple[int, int] | None
    position: tuple[float, float, float] | None
    message: str
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values; positions rounded to a hundredth of a millimetre."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "structure": self.structure,
            "value": self.value,
            "slice": {"axis": self.slice[0], "index": self.slice[1]} if self.slice is not None else None,
            "position": [round(x, 2) for x in self.position] if self.position is not None else None,
            "message": self.message,
            "remedy": self.remedy,
        }
