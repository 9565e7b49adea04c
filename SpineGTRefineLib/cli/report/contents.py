"""What a report shows, before any picture is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...checks import Problem
from ...imaging import Image, LabelMap


@dataclass(frozen=True, eq=False)
class CaseResult:
    """One case of a report.

    Parameters
    ----------
    name
        The case as the user knows it; untrusted text (it comes from file names).
    note
        One sentence on the case, may be empty.
    image
        The MRI.
    before, after
        The mask as it was, and as it is now, on the image's grid; ``before`` is None where there was none.
    problems_before, problems_after
        What the checks found in each.
    decisions
        What the repair decided, one sentence each.
    saved_as
        Where the new mask lies, relative to the dataset.
    """

    name: str
    image: Image
    before: LabelMap | None
    after: LabelMap
    problems_before: Sequence[Problem] = ()
    problems_after: Sequence[Problem] = ()
    decisions: Sequence[str] = ()
    note: str = ""
    saved_as: str = ""


@dataclass(frozen=True, eq=False)
class Report:
    """A whole report.

    Parameters
    ----------
    title
        Heading of the page.
    intro
        A few sentences that say what the reader looks at.
    cases
        The cases that were repaired.
    failures
        Name and reason of each case that could not be repaired.
    next_steps
        Commands to try next, with what they do.
    """

    title: str
    intro: str
    cases: Sequence[CaseResult]
    failures: Sequence[tuple[str, str]] = ()
    next_steps: Sequence[tuple[str, str]] = field(default=())
