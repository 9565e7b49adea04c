"""Other versions of the mask under edit: what was saved before, what a model says, what other raters drew."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..bids import Case, Dataset, MaskType
from ..bids.events import read_events
from ..bids.history import stored_bytes, versions
from ..bids.tracks import Track, is_released, rater_desc
from ..imaging import Geometry, LabelMap
from .drafts import find_drafts
from .origin import empty_mask, read_on_grid, saved_masks
from .proposals import Proposal


@dataclass(frozen=True)
class Version:
    """A version that can be compared with the mask under edit.

    Parameters
    ----------
    title
        What it is, for people.
    read
        Reads its voxels.
    warnings
        What its maker wants to be known.
    """

    title: str
    read: Callable[[], LabelMap]
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, proposal: Proposal) -> Version:
        """Return a proposal that has arrived as a version, to come back to."""
        return cls(proposal.title, lambda: proposal.labels, proposal.warnings)

    def proposal(self) -> Proposal:
        """Read it, to compare it with the mask under edit or to adopt parts of it.

        Raises
        ------
        InputError
            It is damaged, or lies on another grid.
        """
        return Proposal(self.read(), self.title, self.warnings)


def other_versions(
    dataset: Dataset, case: Case, mask_type: MaskType, track: Track, grid: Geometry
) -> tuple[Version, ...]:
    """List what the mask of a case can be compared with; masks of other raters only if this one may see them."""
    found = [*_saved(dataset, case, mask_type, track, grid)]
    if not track.is_blind or is_released(dataset.output, case.key, mask_type.name):
        found += [*_of_others(dataset, case, mask_type, track, grid), *_replaced(dataset, case, mask_type, grid)]
    found += _drafts(dataset, case, mask_type, track, grid)
    return tuple(found)


def second_contrasts(dataset: Dataset, case: Case) -> tuple[Case, ...]:
    """List the other images of the same subject and session, to lie over or beside the case's own."""
    visit = (case.subject, case.session)
    return tuple(other for other in dataset if (other.subject, other.session) == visit and other.key != case.key)


def _saved(dataset: Dataset, case: Case, mask_type: MaskType, track: Track, grid: Geometry) -> Iterator[Version]:
    for origin in saved_masks(dataset, case, mask_type, track):
        if origin.path is not None:
            yield Version(str(origin), partial(read_on_grid, origin.path, mask_type, grid))


def _of_others(dataset: Dataset, case: Case, mask_type: MaskType, track: Track, grid: Geometry) -> Iterator[Version]:
    mine = (case.key, mask_type.name)
    raters = {event.rater for event in read_events(dataset.output) if (event.case, event.mask_type) == mine}
    for rater in sorted(raters - {"", track.rater}):
        path = dataset.mask_path(case, mask_type, rater_desc(rater))
        if path.is_file():
            yield Version(f"rater {rater}", partial(read_on_grid, path, mask_type, grid))


def _replaced(dataset: Dataset, case: Case, mask_type: MaskType, grid: Geometry) -> Iterator[Version]:
    for version in reversed(versions(dataset.output, case.key, mask_type.name)):
        by = f" by {version.replaced_by}" if version.replaced_by else ""
        title = f"replaced{by}, {version.replaced_at[:16].replace('T', ' ')} UTC"
        yield Version(title, partial(_from_history, dataset, version.sha256, mask_type, grid))


def _drafts(dataset: Dataset, case: Case, mask_type: MaskType, track: Track, grid: Geometry) -> Iterator[Version]:
    for draft in find_drafts(dataset, track.rater if track.is_blind else None):
        if (draft.info.case, draft.info.mask_type) == (case.key, mask_type.name):
            yield Version(f"draft of {draft.info.rater}", partial(draft.labels, empty_mask(mask_type, grid)))


def _from_history(dataset: Dataset, sha256: str, mask_type: MaskType, grid: Geometry) -> LabelMap:
    data = stored_bytes(dataset.output, sha256)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mask{'.nii.gz' if data[:2] == bytes((0x1F, 0x8B)) else '.nii'}"
        path.write_bytes(data)
        return replace(read_on_grid(path, mask_type, grid), source=None)  # the file is gone in a moment
