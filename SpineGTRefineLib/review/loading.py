"""Everything that is read when a mask is opened: image, mask, the other masks as outlines, problems.

Reading needs no window and changes nothing, so that the next cases can be read ahead on another thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..bids import Case, Dataset, MaskType
from ..bids.profiles import PROPOSAL, REFINED
from ..bids.tracks import Track
from ..checks import Problem, check_labels
from ..errors import InputError
from ..imaging import Image, LabelMap, read_image
from .drafts import draft_places
from .origin import Start, find_start, read_on_grid, saved_masks
from .worklist import Item

Stamp = tuple[tuple[str, int, int], ...]
"""Files with the time of their last change and their size."""


@dataclass(frozen=True, eq=False)
class LoadedCase:
    """A mask with all that is shown beside it.

    Parameters
    ----------
    item
        What was opened.
    image
        The case's image.
    start
        The mask, and where it comes from.
    outlines
        The case's other masks by name of their mask type, on the image's grid; not to be edited.
    problems
        What the checks say about the mask.
    stamp
        State of the files when they were read.
    notes
        What was passed over, for people.
    """

    item: Item
    image: Image
    start: Start
    outlines: Mapping[str, LabelMap]
    problems: tuple[Problem, ...] = ()
    stamp: Stamp = ()
    notes: tuple[str, ...] = field(default=())


def load_case(
    dataset: Dataset, item: Item, track: Track, outlines: Collection[MaskType], image: Image | None = None
) -> LoadedCase:
    """Read a mask and what is shown beside it.

    Parameters
    ----------
    dataset, item
        What to open.
    track
        For whom.
    outlines
        Kinds of masks to show beside it; the item's own kind is left out.
    image
        The case's image, if it was read before.

    Raises
    ------
    InputError
        The image cannot be used, or the mask's content is not on this machine.
    """
    case, mask_type = item.case, item.mask_type
    others = tuple(kind for kind in outlines if kind != mask_type)
    stamp = file_state(dataset, case, (mask_type, *others), track)
    image = image or read_image(case.image)
    start = find_start(dataset, case, mask_type, track, image.geometry)
    notes = list(start.notes)
    shown = {}
    for kind in others:
        mask = read_outline(dataset, case, kind, track, image, notes)
        if mask is not None:
            shown[kind.name] = mask
    problems = check_labels(start.labels, shown.get("canal"), shown.get("cord"))
    return LoadedCase(item, image, start, shown, problems, stamp, tuple(notes))


def read_outline(
    dataset: Dataset, case: Case, mask_type: MaskType, track: Track, image: Image, notes: list[str]
) -> LabelMap | None:
    """Read the saved mask of one kind to show it beside another; None, with a note, where it cannot be shown."""
    for origin in saved_masks(dataset, case, mask_type, track):
        if origin.path is None:
            continue
        try:
            return read_on_grid(origin.path, mask_type, image.geometry)
        except InputError as error:
            notes.append(f"The {mask_type.name} mask {origin.path.name} is not shown: {error}")
    return None


def file_state(dataset: Dataset, case: Case, mask_types: Collection[MaskType], track: Track) -> Stamp:
    """Return the state of all files that opening a case may read, to tell whether what was read ahead still holds."""
    rows = []
    for path in _files(dataset, case, mask_types, track):
        try:
            state = path.stat()
        except OSError:
            continue
        rows.append((str(path), state.st_mtime_ns, state.st_size))
    return tuple(rows)


def _files(dataset: Dataset, case: Case, mask_types: Collection[MaskType], track: Track) -> Iterator[Path]:
    yield case.image
    for mask_type in mask_types:
        for desc in dict.fromkeys((track.desc, REFINED, PROPOSAL)):
            yield dataset.mask_path(case, mask_type, desc)
        yield from (mask.path for mask in case.masks_of(mask_type))
        yield from draft_places(dataset, case.key, mask_type.name, track.rater)
