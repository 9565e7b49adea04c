"""What became of the cases of a run over folders: masks, reports, and failures with their remedy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bids import SavedMask
from ..errors import PartialFailureError, RefineError


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
