"""Who trains and who tests: whole subjects, by a seed, and the same for a subject whoever else is in the dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from ...errors import DatasetError, UsageError
from .rows import NO_FOLD, Split, VersionCase


@dataclass(frozen=True)
class Place:
    """Where all cases of a subject belong."""

    split: Split
    fold: int = NO_FOLD


@dataclass(frozen=True)
class SplitSettings:
    """How subjects are shared out.

    Parameters
    ----------
    test_fraction
        Part of the subjects that is held back for tests, 0 for none; of a first version only.
    folds
        Number of folds among the others; each fold is validated on by a model that did not see it.
    seed
        The same seed gives the same places.
    """

    test_fraction: float = 0.2
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.test_fraction < 1:
            raise UsageError(f"The part for tests is from 0 to below 1, not {self.test_fraction:g}.")
        if self.folds < 1:
            raise UsageError(f"At least one fold is needed, not {self.folds}.")


def split_subjects(
    subjects: Iterable[str],
    settings: SplitSettings,
    *,
    tested: Collection[str] | None = None,
    folds: Mapping[str, int] | None = None,
) -> dict[str, Place]:
    """Give each subject its place.

    Parameters
    ----------
    subjects
        All subjects of the version.
    settings
        Fractions and seed.
    tested
        Subjects of the frozen test set of the version before; None to choose them now.
    folds
        Fold of each subject in the version before: it stays. New ones join the smallest fold.
    """
    row = sorted(set(subjects), key=lambda subject: _draw(settings.seed, subject))
    if tested is None:
        tested = set(row[: _test_count(len(row), settings.test_fraction)])
    trained = [subject for subject in row if subject not in tested]
    return {
        **{subject: Place("test") for subject in row if subject in tested},
        **{subject: Place("train", fold) for subject, fold in _folds(trained, settings.folds, folds or {}).items()},
    }


def refuse_leaks(rows: Iterable[VersionCase]) -> None:
    """Refuse a subject that is both trained and tested on, or that two folds share.

    Raises
    ------
    DatasetError
        There is one; the message names it and its cases.
    """
    places: dict[str, dict[tuple[str, int], str]] = {}
    for row in rows:
        places.setdefault(row.subject, {}).setdefault((row.split, row.fold), row.case)
    leaks = {subject: list(found.values()) for subject, found in places.items() if len(found) > 1}
    if leaks:
        subject, cases = min(leaks.items())
        more = f" ({len(leaks)} subjects in all)" if len(leaks) > 1 else ""
        raise DatasetError(
            f"Subject {subject} is on both sides of a split, with {' and '.join(sorted(cases)[:2])}{more}.",
            "Put all images of a subject on one side; a score on subjects that were trained on means nothing.",
        )


def _folds(subjects: list[str], count: int, known: Mapping[str, int]) -> dict[str, int]:
    count = min(count, len(subjects))
    if count < 2:
        return dict.fromkeys(subjects, NO_FOLD)
    kept = {subject: known[subject] for subject in subjects if 0 <= known.get(subject, NO_FOLD) < count}
    sizes = Counter(dict.fromkeys(range(count), 0))
    sizes.update(kept.values())
    for subject in subjects:
        if subject not in kept:
            kept[subject] = min(range(count), key=lambda fold: (sizes[fold], fold))
            sizes[kept[subject]] += 1
    return kept


def _test_count(subjects: int, fraction: float) -> int:
    if fraction == 0 or subjects < 2:
        return 0
    return min(max(round(fraction * subjects), 1), subjects - 1)


def _draw(seed: int, subject: str) -> bytes:
    """Return the subject's lot: no other subject and no version of Python changes it."""
    return blake2b(f"{seed}:{subject}".encode(), digest_size=16).digest()
