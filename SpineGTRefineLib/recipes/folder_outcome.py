"""What became of the cases of a run over folders: masks, reports, and failures with their remedy."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..bids import SavedMask
from ..errors import CancelledError, PartialFailureError, RefineError, UnexpectedError

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]
"""Called before each case with its number from 0, the number of cases, and its key."""


@dataclass(frozen=True)
class CaseOutcome:
    """What became of one case.

    Parameters
    ----------
    key
        Name of the image without extension.
    saved
        What was written, or None.
    report
        File with all decisions (JSON), or None.
    actions
        How many decisions there were of each kind.
    notes
        What had to be done to the inputs (resampled, position corrected, no image).
    seconds
        Time the case took.
    error
        Why it failed, or None.
    skipped
        Whether there was nothing to do: the same was done before.
    """

    key: str
    saved: SavedMask | None = None
    report: Path | None = None
    actions: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    error: RefineError | None = None
    skipped: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the mask is there: written now, or done before."""
        return self.error is None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        content: dict[str, Any] = {"case": self.key, "succeeded": self.succeeded, "skipped": self.skipped}
        content |= {"seconds": round(self.seconds, 2), "actions": dict(self.actions), "notes": list(self.notes)}
        if self.saved is not None:
            content |= {"mask": str(self.saved.path), "sha256": self.saved.sha256}
        if self.report is not None:
            content |= {"report": str(self.report)}
        if self.error is not None:
            content["error"] = {
                "class": type(self.error).__name__,
                "exit_code": self.error.exit_code,
                "cause": self.error.cause,
                "remedy": self.error.remedy,
            }
        return content


@dataclass(frozen=True)
class FolderOutcome:
    """What became of all cases of a run.

    Parameters
    ----------
    cases
        One outcome per case that was asked for.
    policy
        The policy that was used; "" where there is no choice.
    """

    cases: tuple[CaseOutcome, ...]
    policy: str = ""

    @property
    def succeeded(self) -> tuple[CaseOutcome, ...]:
        """Cases whose mask was written."""
        return tuple(case for case in self.cases if case.succeeded)

    @property
    def failed(self) -> tuple[CaseOutcome, ...]:
        """Cases that could not be refined."""
        return tuple(case for case in self.cases if not case.succeeded)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"policy": self.policy, "cases": [case.as_dict() for case in self.cases]}

    def raise_if_failed(self) -> None:
        """Raise one error that counts the failures, if there are any."""
        if self.failed:
            raise PartialFailureError.of([case.key for case in self.failed], len(self.cases))


def attempted(key: str, job: Callable[[], CaseOutcome]) -> CaseOutcome:
    """Do the job of one case; what goes wrong is this case's outcome, and the others go on.

    Raises
    ------
    CancelledError
        A person stopped the run.
    """
    start = time.perf_counter()
    try:
        outcome = job()
    except CancelledError:
        raise
    except Exception as error:  # also a defect of ours, or of a library
        known = error if isinstance(error, RefineError) else UnexpectedError.of(error)
        logger.debug("%s failed", key, exc_info=error)
        outcome = CaseOutcome(key, error=known)
    return replace(outcome, seconds=time.perf_counter() - start)


def each_attempted(
    jobs: Sequence[tuple[str, Callable[[], CaseOutcome]]], progress: Progress | None = None
) -> Iterator[CaseOutcome]:
    """Do one job after another, each with the key of its case; see :func:`attempted`."""
    for number, (key, job) in enumerate(jobs):
        if progress is not None:
            progress(number, len(jobs), key)
        yield attempted(key, job)
