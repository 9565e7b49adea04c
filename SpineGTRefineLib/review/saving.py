"""From the mask under edit to the derivative: looked at, without errors, or flagged with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..bids import Dataset, Remarks, SavedMask, save_mask
from ..bids.events import Event, record
from ..bids.sidecars import prior_chain
from ..bids.tracks import Track
from ..checks import Problem
from ..errors import LabelError, UsageError
from ..imaging import Image
from .workbench import Workbench
from .worklist import Item

EMPTY = "The mask is empty: not a single voxel is marked."


class NotAcceptableError(LabelError):
    """A mask that nobody should stand for as it is; ``reasons`` says why, one line each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(
            f"The mask was not accepted: {reasons[0]}"
            + (f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""),
            "Correct it, save it as flagged, or insist on it.",
        )
        self.reasons = tuple(reasons)


@dataclass(frozen=True, eq=False)
class Submission:
    """A mask as its rater hands it in.

    Parameters
    ----------
    item, image
        Which mask of which image.
    bench
        The mask, with note, grade, verified parts and adopted proposals.
    track
        Who hands it in, and where it goes.
    seconds
        Active time since the last save.
    """

    item: Item
    image: Image
    bench: Workbench
    track: Track
    seconds: float = 0.0


def accept(dataset: Dataset, submission: Submission, problems: Sequence[Problem], *, insist: bool = False) -> SavedMask:
    """Save a mask that its rater stands for: validate, write, compare, sidecar, event.

    Parameters
    ----------
    dataset, submission
        What is saved where.
    problems
        What the checks say about these voxels.
    insist
        Accept in spite of errors that the checks found, or an empty mask; what was wrong is kept with the event.

    Raises
    ------
    NotAcceptableError
        Nobody looked at the mask, it is empty, or it holds what cannot be right. Nothing was written.
    GeometryError, LabelError, LockedError, ChangedOnDiskError, WriteError
        See :func:`SpineGTRefineLib.bids.save_mask`.
    """
    if not submission.bench.viewed:
        raise NotAcceptableError(["Nobody has looked at it."])
    reasons = [problem.message for problem in problems if problem.severity == "error"]
    if not submission.bench.labels().array.any():
        reasons.insert(0, EMPTY)  # two hasty keys would make it a truth; no check looks at what is not there
    if reasons and not insist:
        raise NotAcceptableError(reasons)
    return _save(dataset, submission, "corrected", _joined("accepted in spite of:", reasons))


def flag(dataset: Dataset, submission: Submission, reasons: Sequence[str]) -> SavedMask:
    """Save a mask that somebody has to look at again.

    Parameters
    ----------
    reasons
        Why; at least one.

    Raises
    ------
    UsageError
        There is no reason.
    GeometryError, LabelError, LockedError, ChangedOnDiskError, WriteError
        See :func:`SpineGTRefineLib.bids.save_mask`.
    """
    given = [reason.strip() for reason in reasons if reason.strip()]
    if not given:
        raise UsageError("A mask is flagged for a reason, and none was given.", "Say why, in a few words.")
    return _save(dataset, submission, "flagged", _joined("", given))


def record_exclusion(dataset: Dataset, submission: Submission, reason: str) -> None:
    """Record that a case is left out for this kind of mask; no file changes.

    Raises
    ------
    UsageError
        There is no reason.
    WriteError
        The folder is read-only.
    """
    seconds, bench = round(submission.seconds, 1), submission.bench
    rater = submission.track.rater
    event = Event(
        *submission.item.key, "excluded", rater, reason.strip(), seconds=seconds, note=bench.note, grade=bench.grade
    )
    record(dataset.output, event)


def _save(dataset: Dataset, submission: Submission, status: str, reason: str) -> SavedMask:
    item, bench, track = submission.item, submission.bench, submission.track
    made_from = [proposal.labels.source for proposal in bench.adopted if proposal.labels.source is not None]
    return save_mask(
        dataset,
        item.case,
        item.mask_type,
        bench.labels(),
        image=submission.image,
        rater=track.rater,
        status=status,
        seconds=submission.seconds,
        sources=made_from,
        generated_by=[entry for source in made_from for entry in prior_chain(source.path)],
        desc=track.desc,
        remarks=Remarks(bench.note, reason, bench.grade, bench.verified.as_json()),
    )


def _joined(start: str, reasons: Sequence[str]) -> str:
    return " ".join(filter(None, (start, "; ".join(reasons)))) if reasons else ""
