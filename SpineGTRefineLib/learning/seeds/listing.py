"""A list of cases with their places in a split, and how it is brought to the cases of a dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from ...bids import Dataset
from ...bids.names import nifti_extension
from ..versions import NO_FOLD, Place


@dataclass(frozen=True)
class Defect:
    """Something that is wrong about a list.

    Parameters
    ----------
    rule
        Which kind of defect, for programs.
    where
        The entry or the line.
    message
        For people.
    """

    rule: str
    where: str
    message: str


@dataclass(frozen=True)
class ListedCase:
    """One entry: the stem of a file's name, and its place."""

    stem: str
    place: Place


@dataclass(frozen=True)
class SeedList:
    """A list as it was read.

    Parameters
    ----------
    kind
        Whose list: ``sacrum``, ``rootlets`` or ``mouse``.
    cases
        Its usable entries, in order.
    defects
        What is wrong about it.
    """

    kind: str
    cases: tuple[ListedCase, ...]
    defects: tuple[Defect, ...]


def stem_of(path: str) -> str:
    """Return the name of a file without folders and extension, whichever system the path is from."""
    name = PureWindowsPath(path.strip()).name if "\\" in path else PurePosixPath(path.strip()).name
    extension = nifti_extension(name)
    return name.removesuffix(extension) if extension else name


def is_absolute(path: str) -> bool:
    """Whether a path holds on one machine only."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


def matched(listed: SeedList, dataset: Dataset) -> tuple[dict[str, Place], tuple[Defect, ...]]:
    """Find the case of each entry: that of its image, or of the image that its mask's name begins with.

    Returns
    -------
    dict of str to Place
        Place of each case by key, as :class:`~..versions.BuildSettings` takes it.
    tuple of Defect
        Entries without a case, and entries that put one case at two places (the first place holds).
    """
    keys = {case.key for case in dataset.cases()}
    places: dict[str, Place] = {}
    defects = []
    for entry in listed.cases:
        key = _longest_key(entry.stem, keys)
        if key is None:
            defects.append(Defect("no-case", entry.stem, "is listed, but the dataset has no such image"))
        elif places.setdefault(key, entry.place) != entry.place:
            message = f"{key} is listed at two places: {_text(places[key])} and {_text(entry.place)}"
            defects.append(Defect("two-places", entry.stem, message))
    return places, tuple(defects)


def without_leaks(places: Mapping[str, Place], dataset: Dataset) -> tuple[dict[str, Place], tuple[Defect, ...]]:
    """Bring each subject to one side: a subject that tests anywhere trains nowhere; one that validates, validates.

    Returns
    -------
    dict of str to Place
        The cases that stay; training cases of test subjects are gone.
    tuple of Defect
        Each case that was moved or dropped.
    """
    by_subject: dict[str, list[str]] = defaultdict(list)
    for key in places:
        by_subject[dataset.case(key).subject].append(key)
    kept: dict[str, Place] = {}
    defects = []
    for keys in by_subject.values():
        best = min((places[key] for key in keys), key=_rank)
        for key in keys:
            if places[key] == best:
                kept[key] = best
            elif best.split == "test":
                message = f"is {_text(places[key])}, while its subject is {_text(best)}: dropped"
                defects.append(Defect("subject-leak", key, message))
            else:
                kept[key] = best
                message = f"is {_text(places[key])}, while its subject is {_text(best)}: moved there"
                defects.append(Defect("subject-leak", key, message))
    return kept, tuple(defects)


def repeated(stems: Iterable[str]) -> tuple[Defect, ...]:
    """Report names that are listed more than once."""
    seen: set[str] = set()
    twice = dict.fromkeys(stem for stem in stems if stem in seen or seen.add(stem))  # type: ignore[func-returns-value]
    return tuple(Defect("listed-twice", stem, "is listed more than once") for stem in twice)


def _longest_key(stem: str, keys: set[str]) -> str | None:
    parts = stem.split("_")
    prefixes = ("_".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in keys), None)


def _rank(place: Place) -> tuple[bool, bool, int]:
    return place.split != "test", place.fold == NO_FOLD, place.fold


def _text(place: Place) -> str:
    if place.split == "test":
        return "test"
    return "training" if place.fold == NO_FOLD else "validation"
