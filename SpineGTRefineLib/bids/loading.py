"""The mask of a case as it stands: which of several is meant, and loading it."""

from __future__ import annotations

from dataclasses import replace

from ..imaging import LabelMap, read_labels
from .case import Case, MaskFile
from .dataset import Dataset
from .layout import PIPELINE
from .masktypes import MaskType
from .pairs import read_whole_pair
from .profiles import REFINED


def load_mask(dataset: Dataset, case: Case, mask_type: MaskType) -> LabelMap | None:
    """Load the mask of a case: the refined one, else the lab's, else another pipeline's.

    A save that was interrupted is completed or undone first. Where the sidecar does not describe the mask, the map's
    source says so in its notes.

    Returns
    -------
    LabelMap or None
        None where no pipeline has such a mask.

    Raises
    ------
    InputError
        The mask is there but cannot be used (damaged, content not fetched ...).
    """
    target = dataset.mask_path(case, mask_type)
    pair = read_whole_pair(dataset.output, target)
    if pair is not None:
        labels = read_labels(target, mask_type.scheme)
        return _with_note(labels, pair.problem) if pair.problem else labels
    found = existing_mask(case, mask_type)
    return None if found is None else read_labels(found.path, mask_type.scheme)


def existing_mask(case: Case, mask_type: MaskType, *, own: bool = True) -> MaskFile | None:
    """Return the mask that a case came with when the dataset was opened: the lab's before those of other pipelines.

    Parameters
    ----------
    case, mask_type
        Which mask.
    own
        Whether masks in the output of this project (in another naming style) count, too; they come first then.
    """
    candidates = [mask for mask in case.masks_of(mask_type) if not _is_proposal(mask)]
    return min((mask for mask in candidates if own or mask.pipeline != PIPELINE), key=_preference, default=None)


def _with_note(labels: LabelMap, note: str) -> LabelMap:
    if labels.source is None:
        return labels
    return replace(labels, source=replace(labels.source, notes=(*labels.source.notes, note)))


def _is_proposal(mask: MaskFile) -> bool:
    return mask.pipeline == PIPELINE and mask.entities.get("desc") not in (None, REFINED)


def _preference(mask: MaskFile) -> tuple[int, bool, str]:
    """Order in which masks of one kind are used: ours, the lab's, those beside the image, others; plain names first."""
    known = {PIPELINE: 0, "labels": 1, "": 2}
    return known.get(mask.pipeline, 3), "desc" in mask.entities and mask.pipeline != PIPELINE, str(mask.path)
