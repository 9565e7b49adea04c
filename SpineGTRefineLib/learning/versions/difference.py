"""What changed between two versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .rows import NO_FOLD, VersionCase
from .version import Version


@dataclass(frozen=True)
class CaseChange:
    """One difference: ``what`` is added, removed, split, fold, image, mask, status or grade."""

    case: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class VersionDifference:
    """How two versions differ.

    Parameters
    ----------
    changes
        In order of the case.
    same_test_set
        Whether scores on the two compare.
    """

    changes: tuple[CaseChange, ...]
    same_test_set: bool

    def of(self, what: str) -> tuple[CaseChange, ...]:
        """Return the changes of one kind."""
        return tuple(change for change in self.changes if change.what == what)


def difference(before: Version, after: Version) -> VersionDifference:
    """Compare two versions case by case."""
    old, new = ({row.case: row for row in version.rows} for version in (before, after))
    reasons = {entry.case: entry.reason for entry in after.left_out}
    changes: list[CaseChange] = []
    for case in sorted(old.keys() | new.keys()):
        if case not in new:
            changes.append(CaseChange(case, "removed", old[case].split, reasons.get(case, "not in the dataset")))
        elif case not in old:
            changes.append(CaseChange(case, "added", "", new[case].split))
        else:
            changes += _changes(old[case], new[case])
    return VersionDifference(tuple(changes), before.test_sha256 == after.test_sha256)


def seen_by(trained: Version, tested: Version) -> tuple[str, ...]:
    """Return the subjects that one version trains on and another tests on: a model of the first has seen them."""
    return tuple(
        sorted({row.subject for row in trained.cases("train")} & {row.subject for row in tested.cases("test")})
    )


def _changes(old: VersionCase, new: VersionCase) -> Iterator[CaseChange]:
    for what, before, after in (
        ("split", old.split, new.split),
        ("fold", _fold(old), _fold(new)),
        ("image", old.image_content[:12], new.image_content[:12]),
        ("mask", old.mask_sha256[:12], new.mask_sha256[:12]),
        ("status", old.status, new.status),
        ("grade", old.grade or "", new.grade or ""),
    ):
        if before != after:
            yield CaseChange(new.case, what, str(before), str(after))


def _fold(row: VersionCase) -> str:
    return "" if row.fold == NO_FOLD else str(row.fold)
