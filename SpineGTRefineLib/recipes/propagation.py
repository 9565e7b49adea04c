"""Carry the mask of one image of a session to its other images, as proposals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from ..bids import Case, Dataset, MaskType, load_mask
from ..errors import MissingFileError
from .carrier import Carrier, has_mask
from .folder_outcome import CaseOutcome, FolderOutcome
from .session_images import is_called, session_of, the_one


@dataclass(frozen=True)
class Way:
    """A mask to carry to an image, from another one of its session.

    Parameters
    ----------
    sources
        Images of the session that have the mask and that the name fits. Where there are several, :func:`propagate`
        asks for the one that is meant.
    target
        The image that gets it.
    """

    sources: tuple[Case, ...]
    target: Case


def ways(dataset: Dataset, kind: MaskType, source: str, targets: Collection[str] = ()) -> tuple[Way, ...]:
    """List what can be carried.

    Parameters
    ----------
    dataset, kind
        Which masks.
    source
        The images that have the mask: their contrast, or more of their name, see :func:`.session_images.is_called`.
    targets
        The images that get it, named in the same way; none means every other image of the session that has no such
        mask.

    Raises
    ------
    MissingFileError
        No image of that name has such a mask, or there is no image to carry it to.
    UsageError
        A name can be that of no image.
    """
    sources = [case for case in dataset if is_called(case, source) and has_mask(dataset, case, kind)]
    if not sources:
        raise MissingFileError(
            f"No {source} image of this dataset has a {kind.name} mask.",
            "Check the contrast and the kind of mask: spine-gt-refine index",
        )
    found = []
    for case in dataset:
        same = tuple(one for one in sources if session_of(one) == session_of(case))
        named = any(is_called(case, name) for name in targets) if targets else not has_mask(dataset, case, kind)
        if same and named and not is_called(case, source):
            found.append(Way(same, case))
    if not found:
        whom = f" is a {' or '.join(targets)}" if targets else f" lacks a {kind.name} mask"
        raise MissingFileError(
            f"No other image of a session with a {source} {kind.name} mask{whom}.",
            "Check the contrasts: spine-gt-refine index",
        )
    return tuple(found)


def propagate(carrier: Carrier, kind: MaskType, chosen: Sequence[Way]) -> FolderOutcome:
    """Carry masks and save each as a proposal; a mask that is there already stays, and gets one beside it.

    An image whose mask could come from several others fails by name, and the others go on.

    Parameters
    ----------
    carrier
        How.
    kind, chosen
        What to carry where, see :func:`ways`.

    Raises
    ------
    CancelledError
        The carrier was told to stop; what was saved stays.
    """

    def one(way: Way) -> CaseOutcome:
        source = the_one(way.sources, way.target, "--from ")
        labels = load_mask(carrier.dataset, source, kind)
        if labels is None:
            raise MissingFileError(f"{source.key} has no {kind.name} mask any more.", "Put it back, or choose another.")
        return carrier.proposal("propagate", kind, labels, source, way.target)

    return carrier.each({way.target.key: partial(one, way) for way in chosen})
