"""What a rater starts from: the first found of their draft, the refined mask, the lab's mask, a proposal, nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import numpy as np

from ..bids import Case, Dataset, MaskType, existing_mask
from ..bids.baseline import is_of_person
from ..bids.layout import PIPELINE
from ..bids.pairs import SavedPair, read_pair, read_whole_pair
from ..bids.profiles import PROPOSAL, REFINED
from ..bids.tracks import Track
from ..errors import InputError, NotFetchedError
from ..imaging import Geometry, LabelMap, read_labels, reorient_to_grid
from .drafts import Draft, draft_places, read_draft
from .verified import Verified


class OriginKind(Enum):
    """Where the voxels of a mask under edit come from."""

    DRAFT = "draft"
    REFINED = "refined mask"
    LAB = "mask of the dataset"
    PROPOSAL = "proposal"
    EMPTY = "empty mask"


@dataclass(frozen=True)
class Origin:
    """One mask that a rater may start from.

    Parameters
    ----------
    kind
        See :class:`OriginKind`.
    path
        Its file; None for an empty mask.
    rater
        Who saved it; "" for a program or where it is not known.
    time
        When it was saved (UTC, as text); "" where it is not known.
    """

    kind: OriginKind
    path: Path | None = None
    rater: str = ""
    time: str = ""

    def __str__(self) -> str:
        by = f" by {self.rater}" if self.rater else ""
        at = f", {self.time[:16].replace('T', ' ')} UTC" if self.time else ""
        return f"{self.kind.value}{by}{at}"


@dataclass(frozen=True, eq=False)
class Start:
    """The mask that a rater starts from, on the image's grid.

    Parameters
    ----------
    labels
        Its voxels. The source is the saved mask that they build on, so that a later save is compared with it.
    origin
        Which mask it is.
    draft
        The draft that it was read from, or one that is older than the mask and was therefore not opened; None if
        there is none.
    verified
        What was vouched for when it was saved.
    grade
        The mark that it was given, None for none.
    notes
        What was passed over on the way, for people.
    """

    labels: LabelMap
    origin: Origin
    draft: Draft | None = None
    verified: Verified = field(default_factory=Verified)
    grade: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_draft(self) -> bool:
        """Whether these are unsaved edits."""
        return self.origin.kind is OriginKind.DRAFT

    @property
    def seconds(self) -> float:
        """Active time that is in the voxels and was not saved yet."""
        return self.draft.info.seconds if self.is_draft and self.draft else 0.0

    @property
    def based_on(self) -> str:
        """SHA-256 of the saved mask that the voxels build on; "" for none."""
        return self.labels.source.sha256 if self.labels.source else ""


def find_start(dataset: Dataset, case: Case, mask_type: MaskType, track: Track, grid: Geometry) -> Start:
    """Find and read what a rater starts from.

    A mask that is damaged or lies on another grid than the image is passed over with a note. A draft is passed over,
    with a note, if the mask was saved anew since the draft was begun.

    Parameters
    ----------
    dataset, case, mask_type
        Which mask.
    track
        Whose; others' masks are not seen where raters work independently.
    grid
        The image's grid, which the result lies on.

    Raises
    ------
    NotFetchedError
        The mask's content is not on this machine; starting from less would throw work away.
    """
    notes: list[str] = []
    saved = _first_readable(saved_masks(dataset, case, mask_type, track), mask_type, grid, notes)
    draft = _own_draft(dataset, case, mask_type, track.rater, notes)
    if draft is not None:
        opened = _from_draft(dataset, case, mask_type, track, grid, draft, saved, notes)
        if opened is not None:
            return opened
    if saved is None:
        return Start(empty_mask(mask_type, grid), Origin(OriginKind.EMPTY), draft, notes=tuple(notes))
    origin, labels = saved
    marks, grade = _remarks(origin, labels)
    return Start(labels, origin, draft, marks, grade, tuple(notes))


def saved_masks(dataset: Dataset, case: Case, mask_type: MaskType, track: Track) -> Iterator[Origin]:
    """List the saved masks that a rater may start from, the preferred one first. No voxels are read."""
    paths = [dataset.mask_path(case, mask_type, desc) for desc in dict.fromkeys((track.desc, REFINED, PROPOSAL))]
    pairs = {path: read_whole_pair(dataset.output, path) for path in paths}
    for path, pair in pairs.items():
        if pair is not None and is_of_person(pair) and (not track.is_blind or pair.own.get("Rater") == track.rater):
            yield _origin(OriginKind.REFINED, path, pair)
    found = existing_mask(case, mask_type, own=not track.is_blind)
    if found is not None and found.path not in pairs:
        kind = OriginKind.REFINED if found.pipeline == PIPELINE else OriginKind.LAB
        yield Origin(kind, found.path)
    elif found is not None and (lab := existing_mask(case, mask_type, own=False)) is not None:
        yield Origin(OriginKind.LAB, lab.path)
    machine_made = [(path, pair) for path, pair in pairs.items() if pair is not None and not is_of_person(pair)]
    for path, pair in sorted(machine_made, key=lambda entry: str(entry[1].own.get("Saved", "")), reverse=True):
        yield _origin(OriginKind.PROPOSAL, path, pair)


def read_on_grid(path: Path, mask_type: MaskType, grid: Geometry) -> LabelMap:
    """Read a mask and turn its axes to the image's.

    Raises
    ------
    InputError
        It is damaged, its content is not fetched, or it lies on another grid.
    """
    return reorient_to_grid(read_labels(path, mask_type.scheme), grid)


def empty_mask(mask_type: MaskType, grid: Geometry) -> LabelMap:
    """Return a mask of nothing."""
    return LabelMap(np.zeros(grid.shape, np.uint8), grid, mask_type.scheme)


def _first_readable(
    origins: Iterator[Origin], mask_type: MaskType, grid: Geometry, notes: list[str]
) -> tuple[Origin, LabelMap] | None:
    for origin in origins:
        if origin.path is None:
            continue
        try:
            return origin, read_on_grid(origin.path, mask_type, grid)
        except NotFetchedError:
            raise
        except InputError as error:
            notes.append(f"The {origin.kind.value} {origin.path.name} was passed over: {error}")
    return None


def _own_draft(dataset: Dataset, case: Case, mask_type: MaskType, rater: str, notes: list[str]) -> Draft | None:
    found: list[Draft] = []
    for path in draft_places(dataset, case.key, mask_type.name, rater):
        try:
            found.append(read_draft(path))
        except FileNotFoundError:
            continue
        except (InputError, OSError) as error:
            notes.append(f"A draft could not be used: {error}")
    return max(found, key=lambda draft: draft.info.time, default=None)


def _from_draft(
    dataset: Dataset,
    case: Case,
    mask_type: MaskType,
    track: Track,
    grid: Geometry,
    draft: Draft,
    saved: tuple[Origin, LabelMap] | None,
    notes: list[str],
) -> Start | None:
    when = datetime.fromtimestamp(draft.info.time, UTC).isoformat()
    if saved is not None and saved[0].kind is OriginKind.REFINED and _sha256(saved[1]) != draft.info.based_on:
        notes.append(f"The mask was saved anew since your draft of {when[:16].replace('T', ' ')} UTC was begun.")
        return None
    base = saved[1] if saved is not None and _sha256(saved[1]) == draft.info.based_on else None
    if base is None:
        base = _mask_with_hash(dataset, case, mask_type, track, grid, draft.info.based_on)
    try:
        labels = draft.labels(base)
    except InputError as error:
        notes.append(f"A draft could not be used: {error}")
        return None
    if not labels.geometry.matches(grid):
        notes.append("Your draft lies on another grid: the image was replaced since.")
        return None
    marks = Verified.from_json(draft.info.verified, labels)
    origin = Origin(OriginKind.DRAFT, draft.path, draft.info.rater, when)
    return Start(labels, origin, draft, marks, draft.info.grade, tuple(notes))


def _mask_with_hash(
    dataset: Dataset, case: Case, mask_type: MaskType, track: Track, grid: Geometry, sha256: str
) -> LabelMap:
    """Return the mask that a draft was begun on, or an empty one where it is gone."""
    for origin in saved_masks(dataset, case, mask_type, track) if sha256 else ():
        with suppress(InputError):
            labels = read_on_grid(origin.path, mask_type, grid) if origin.path else None
            if labels is not None and _sha256(labels) == sha256:
                return labels
    return empty_mask(mask_type, grid)


def _origin(kind: OriginKind, path: Path, pair: SavedPair) -> Origin:
    return Origin(kind, path, str(pair.own.get("Rater", "")), str(pair.own.get("Saved", "")))


def _remarks(origin: Origin, labels: LabelMap) -> tuple[Verified, int | None]:
    pair = read_pair(origin.path) if origin.kind is OriginKind.REFINED and origin.path else None
    if pair is None:
        return Verified(), None
    grade = pair.own.get("Grade")
    return Verified.from_json(pair.own.get("Verified"), labels), grade if isinstance(grade, int) else None


def _sha256(labels: LabelMap) -> str:
    return labels.source.sha256 if labels.source else ""
