"""Which cases come into a version: those with a mask that somebody stands for, unless asked otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...bids import Case, Dataset, MaskType, existing_mask
from ...bids.events import DONE, Event, current_status, read_events, require_status
from .rows import LeftOut


@dataclass(frozen=True)
class Rules:
    """What a case must fulfil.

    Parameters
    ----------
    statuses
        Statuses of masks that come in. ``todo`` stands for masks that nobody looked at.
    worst_grade
        Masks with a grade above this stay out, 1 (best) to 5; None for any. Masks without a grade come in.
    contrasts
        Suffixes of images that come in; empty for all.
    """

    statuses: Collection[str] = tuple(sorted(DONE))
    worst_grade: int | None = None
    contrasts: Collection[str] = ()

    def __post_init__(self) -> None:
        for status in self.statuses:
            require_status(status)

    def as_json(self) -> dict[str, object]:
        """Return the rules for the manifest."""
        return {
            "Statuses": sorted(self.statuses),
            "WorstGrade": self.worst_grade,
            "Contrasts": sorted(self.contrasts),
        }

    def objection(self, case: Case, event: Event | None) -> str:
        """Say why a case does not come in; "" if it does."""
        status = event.status if event else "todo"
        if self.contrasts and case.contrast not in self.contrasts:
            return f"contrast {case.contrast}"
        if status not in self.statuses:
            return f"status {status}" + (f": {event.reason}" if event and event.reason else "")
        if self.worst_grade is not None and event and event.grade is not None and event.grade > self.worst_grade:
            return f"grade {event.grade}, allowed is {self.worst_grade}"
        return ""


@dataclass(frozen=True)
class Candidate:
    """A case that may come in.

    Parameters
    ----------
    case
        The case.
    mask
        Its mask's file.
    event
        What the journal says about it, None for nothing.
    """

    case: Case
    mask: Path
    event: Event | None


def choose(dataset: Dataset, mask_type: MaskType, rules: Rules) -> tuple[list[Candidate], list[LeftOut]]:
    """Share the cases of a dataset into those that come in and those that do not."""
    status = current_status(read_events(dataset.output))
    candidates, left_out = [], []
    for case in dataset.cases():
        event = status.get((case.key, mask_type.name))
        mask = mask_of(dataset, case, mask_type)
        reason = rules.objection(case, event) or ("" if mask else f"no {mask_type.name} mask")
        if reason or mask is None:
            left_out.append(LeftOut(case.key, reason))
        else:
            candidates.append(Candidate(case, mask, event))
    return candidates, left_out


def mask_of(dataset: Dataset, case: Case, mask_type: MaskType) -> Path | None:
    """Return the file of a case's mask: the refined one, else the one that it came with."""
    refined = dataset.mask_path(case, mask_type)
    if refined.is_file():
        return refined
    found = existing_mask(case, mask_type)
    return found.path if found else None
