"""Build a dataset version: choose, read, refuse what would spoil a training, share out, write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...bids import Dataset, MaskType
from ...errors import CancelledError, DatasetError, InputError, RefineError, UsageError
from .facts import facts_of, row_of, test_set_notes
from .fingerprints import Fingerprint, Ledger
from .places import next_name, require_name, versions_folder
from .rows import LeftOut, VersionCase
from .selection import Candidate, Rules, choose
from .splits import Place, SplitSettings, refuse_leaks, split_subjects
from .version import Version
from .writing import write_version

Read = tuple[Candidate, Fingerprint]
Progress = Callable[[int, int, str], None]

NAMED_AT_MOST = 3
"""Cases named in an error; all of them would not be read."""


@dataclass(frozen=True)
class BuildSettings:
    """How a version is made.

    Parameters
    ----------
    rules
        Which cases come in.
    split
        How they are shared out.
    bad
        What happens to a case whose files cannot be learned from, and to the second of two equal images: ``refuse``
        the version, or ``leave-out`` the case with its reason.
    assigned
        Place of each case by key, from a list that exists already (see :mod:`.seeds`); cases that are not in it stay
        out. None to share out by the seed.
    notes
        What else is worth keeping with the version (what was wrong about that list).
    """

    rules: Rules = field(default_factory=Rules)
    split: SplitSettings = field(default_factory=SplitSettings)
    bad: Literal["refuse", "leave-out"] = "refuse"
    assigned: Mapping[str, Place] | None = None
    notes: tuple[str, ...] = ()


def build_version(
    dataset: Dataset,
    mask_type: MaskType,
    settings: BuildSettings | None = None,
    *,
    name: str | None = None,
    parent: Version | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Version:
    """Make the next version of a dataset.

    A build that was stopped leaves only a hidden file with the hashes taken so far; the next one goes on there.

    Parameters
    ----------
    dataset, mask_type
        What to learn from.
    settings
        Rules and split.
    name
        Name of the version, D1, D2 ... by default.
    parent
        The version before: its test set is taken over as it is, and its subjects keep their folds.
    folder
        Where versions are kept; by default with the state of the output.
    progress, cancel
        Called with (done, total, case), and asked, before each case.

    Raises
    ------
    DatasetError
        Files that cannot be learned from, equal images, a subject on both sides, or nothing left to learn from.
    UsageError
        The name is taken.
    CancelledError
        ``cancel`` returned True.
    """
    settings = settings or BuildSettings()
    folder = folder or versions_folder(dataset.output)
    name = name or next_name(folder)
    require_name(name)
    target, unfinished = folder / name, folder / f".{name}.part"
    if target.exists():
        raise UsageError(f"There is a version {name} already, and versions are never changed.", "Choose another name.")
    candidates, left_out = choose(dataset, mask_type, settings.rules)
    if settings.assigned is not None:
        candidates, unlisted = _listed(candidates, settings.assigned)
        left_out += unlisted
    ledger = Ledger(folder / f".{name}.fingerprints.jsonl")
    read, bad = _read_all(candidates, mask_type, ledger, progress, cancel)
    read, equal = _without_equal(read, {row.case for row in parent.cases("test")} if parent else set())
    if (bad or equal) and settings.bad == "refuse":
        raise _refusal([*bad, *equal])
    read, late = _without_late_comers(read, parent)
    left_out += [*bad, *equal, *late]
    rows = _rows(dataset, read, settings, parent)
    refuse_leaks(rows)
    if not any(row.split == "train" for row in rows):
        raise DatasetError("No case is left to train on.", _why_empty(left_out))
    version = write_version(
        unfinished,
        target,
        {
            **facts_of(mask_type, settings.rules, settings.split, parent),
            "Notes": [*settings.notes, *test_set_notes(parent, rows)],
        },
        rows,
        left_out,
        (dataset.root, dataset.output),
    )
    ledger.drop()
    return version


def _read_all(
    candidates: Sequence[Candidate],
    mask_type: MaskType,
    ledger: Ledger,
    progress: Progress | None,
    cancel: Callable[[], bool] | None,
) -> tuple[list[Read], list[LeftOut]]:
    read, bad = [], []
    for number, candidate in enumerate(candidates):
        if cancel is not None and cancel():
            raise CancelledError("The version was not made.", "What was read so far is kept for the next time.")
        if progress is not None:
            progress(number, len(candidates), candidate.case.key)
        try:
            found = ledger.taken(candidate.case.image, candidate.mask, mask_type.scheme)
        except InputError as error:
            bad.append(LeftOut(candidate.case.key, error.cause))
            continue
        if candidate.event and candidate.event.sha256 not in ("", found.mask_sha256):
            reason = f"the mask is not the one whose status is {candidate.event.status}: it was changed since"
            bad.append(LeftOut(candidate.case.key, reason))
            continue
        read.append((candidate, found))
    return read, bad


def _without_equal(read: Sequence[Read], tested: set[str]) -> tuple[list[Read], list[LeftOut]]:
    """Keep one case of each image; a case of the frozen test set before others."""
    first: dict[str, str] = {}
    kept, equal = [], []
    for candidate, found in sorted(read, key=lambda entry: entry[0].case.key not in tested):
        key = candidate.case.key
        twin = first.setdefault(found.image_content, key)
        if twin == key:
            kept.append((candidate, found))
        else:
            equal.append(LeftOut(key, f"holds the same image as {twin}"))
    return kept, equal


def _without_late_comers(read: Sequence[Read], parent: Version | None) -> tuple[list[Read], list[LeftOut]]:
    """Leave out new cases of tested subjects: to train on them would leak, to test on them would thaw the test set."""
    if parent is None:
        return list(read), []
    cases = {row.case for row in parent.cases("test")}
    subjects = {row.subject for row in parent.cases("test")}
    kept, late = [], []
    for candidate, found in read:
        if candidate.case.subject in subjects and candidate.case.key not in cases:
            late.append(LeftOut(candidate.case.key, f"its subject is in the frozen test set of {parent.name}"))
        else:
            kept.append((candidate, found))
    return kept, late


def _listed(candidates: Sequence[Candidate], assigned: Mapping[str, Place]) -> tuple[list[Candidate], list[LeftOut]]:
    kept = [candidate for candidate in candidates if candidate.case.key in assigned]
    others = [LeftOut(entry.case.key, "not in the list") for entry in candidates if entry.case.key not in assigned]
    return kept, others


def _rows(dataset: Dataset, read: Sequence[Read], settings: BuildSettings, parent: Version | None) -> list[VersionCase]:
    subjects = [candidate.case.subject for candidate, _ in read]
    places: Mapping[str, Place] = split_subjects(
        subjects,
        settings.split,
        tested={row.subject for row in parent.cases("test")} if parent else None,
        folds={row.subject: row.fold for row in parent.cases("train")} if parent else None,
    )
    if settings.assigned is not None:
        return [row_of(dataset, *entry, settings.assigned[entry[0].case.key]) for entry in read]
    return [row_of(dataset, *entry, places[entry[0].case.subject]) for entry in read]


def _refusal(found: Sequence[LeftOut]) -> RefineError:
    named = "; ".join(f"{entry.case}: {entry.reason}" for entry in found[:NAMED_AT_MOST])
    more = f"; and {len(found) - NAMED_AT_MOST} more" if len(found) > NAMED_AT_MOST else ""
    return DatasetError(
        f"{len(found)} cases cannot be learned from. {named}{more}",
        "Repair or exclude them, or leave them out with --leave-out-bad; they are then listed with the reason.",
    )


def _why_empty(left_out: Sequence[LeftOut]) -> str:
    reasons = sorted({entry.reason for entry in left_out})
    first = f" The cases stay out for: {', '.join(reasons[:NAMED_AT_MOST])}." if reasons else ""
    return f"Correct and accept masks, or let more in with --status.{first}"
