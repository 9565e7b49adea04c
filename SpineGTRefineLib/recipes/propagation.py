"""Carry the mask of one image of a session to its other images, as proposals."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..bids import Case, Dataset, MaskType, SavedMask, existing_mask, load_mask, save_mask
from ..bids.profiles import PROPOSAL
from ..errors import CancelledError, MissingFileError, RefineError
from ..imaging import Image, LabelMap, read_image
from .carrying import AUTO, Carried, carry
from .folder_outcome import CaseOutcome, FolderOutcome

Progress = Callable[[int, int, str], None]
"""Called before each image with its number from 0, the number of images, and its key."""

OnCarried = Callable[[Case, Image, Carried], None]
"""Called with each result before it is saved: for a picture."""


@dataclass(frozen=True)
class Way:
    """One mask to carry, from one image to another of the same session."""

    source: Case
    target: Case


def ways(dataset: Dataset, kind: MaskType, source: str, targets: Collection[str] = ()) -> tuple[Way, ...]:
    """List what can be carried.

    Parameters
    ----------
    dataset, kind
        Which masks.
    source
        Contrast of the images that have the mask (``T2w``).
    targets
        Contrasts that get it; none means every other image of the session that has no such mask.

    Raises
    ------
    MissingFileError
        No image of that contrast has such a mask, or there is no image to carry it to.
    """
    sources = [case for case in dataset if case.contrast == source and has_mask(dataset, case, kind)]
    if not sources:
        raise MissingFileError(
            f"No {source} image of this dataset has a {kind.name} mask.",
            "Check the contrast and the kind of mask: spine-gt-refine index",
        )
    found = []
    for case in dataset:
        same = [one for one in sources if session_of(one) == session_of(case)]
        wanted = case.contrast in targets if targets else not has_mask(dataset, case, kind)
        if same and wanted and case.contrast != source:
            found.append(Way(same[0], case))
    if not found:
        whom = f" is a {' or '.join(targets)}" if targets else f" lacks a {kind.name} mask"
        raise MissingFileError(
            f"No other image of a session with a {source} {kind.name} mask{whom}.",
            "Check the contrasts: spine-gt-refine index",
        )
    return tuple(found)


def session_of(case: Case) -> tuple[str, str | None]:
    """Return what the images of one session have in common."""
    return case.subject, case.session


def has_mask(dataset: Dataset, case: Case, kind: MaskType) -> bool:
    """Whether a case has a mask of a kind: refined, or of the lab."""
    return dataset.mask_path(case, kind).is_file() or existing_mask(case, kind) is not None


def propagate(
    dataset: Dataset,
    kind: MaskType,
    chosen: Sequence[Way],
    method: str = AUTO,
    *,
    progress: Progress | None = None,
    cancel: Callable[[], bool] = lambda: False,
    on_carried: OnCarried | None = None,
) -> FolderOutcome:
    """Carry masks and save each as a proposal; a mask that is there already stays, and gets one beside it.

    Parameters
    ----------
    dataset, kind, chosen
        What to carry where, see :func:`ways`.
    method
        See :func:`.carrying.carry`.
    progress, cancel, on_carried
        Told and asked on the way.

    Raises
    ------
    CancelledError
        ``cancel`` returned True; what was saved stays.
    """

    def one(way: Way) -> CaseOutcome:
        source = read_image(way.source.image)
        labels = load_mask(dataset, way.source, kind)
        if labels is None:
            raise MissingFileError(f"{way.source.key} has no {kind.name} mask any more.")
        target = read_image(way.target.image)
        carried = carry(labels, source, target, method, cancel=cancel)
        if on_carried is not None:
            on_carried(way.target, target, carried)
        generator = generator_entry("propagate", f"From {way.source.key}: {carried.summary()}.", carried)
        saved = save_proposal(dataset, way.target, kind, carried.labels, target, (labels, source), generator)
        return CaseOutcome(way.target.key, saved, notes=(carried.summary(), *carried.notes))

    return outcomes_of(((way.target.key, partial(one, way)) for way in chosen), len(chosen), progress)


def save_proposal(
    dataset: Dataset,
    case: Case,
    kind: MaskType,
    labels: LabelMap,
    image: Image,
    sources: Iterable[LabelMap | Image],
    generator: dict[str, Any],
) -> SavedMask:
    """Save a mask as a proposal that never takes the place of another one."""
    return save_mask(
        dataset,
        case,
        kind,
        replace(labels, source=None),  # made on another image: no edit of a mask of this one
        image=image,
        status="proposed",
        sources=[volume.source for volume in sources if volume.source is not None],
        generated_by=[generator],
        desc=PROPOSAL if has_mask(dataset, case, kind) else None,
    )


def generator_entry(name: str, description: str, carried: Carried) -> dict[str, Any]:
    """Return the ``GeneratedBy`` entry of a carried mask."""
    return {"Name": f"spine-gt-refine {name}", "Description": description, "Record": carried.record()}


def outcomes_of(
    jobs: Iterable[tuple[str, Callable[[], CaseOutcome]]], total: int, progress: Progress | None
) -> FolderOutcome:
    """Do one job for each case; one that fails becomes part of the outcome."""
    return FolderOutcome(tuple(_done(jobs, total, progress)))


def _done(
    jobs: Iterable[tuple[str, Callable[[], CaseOutcome]]], total: int, progress: Progress | None
) -> Iterator[CaseOutcome]:
    for number, (key, job) in enumerate(jobs):
        if progress is not None:
            progress(number, total, key)
        start = time.perf_counter()
        try:
            outcome = job()
        except CancelledError:
            raise
        except RefineError as error:
            outcome = CaseOutcome(key, error=error)
        yield replace(outcome, seconds=time.perf_counter() - start)
