"""The one map of a case (spine, sacrum, canal, cord): composed from its masks, and again when one of them changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..bids import Case, Dataset, SavedMask, existing_mask, load_mask, mask_type, save_mask
from ..bids.baseline import is_of_person
from ..bids.freshness import changed_sources
from ..bids.jsonfiles import read_json
from ..bids.layout import sidecar_path
from ..bids.pairs import read_pair
from ..bids.sidecars import recorded_sources
from ..errors import ConflictError, InputError
from ..imaging import LabelMap, read_image, reorient_to_grid
from ..refine import compose
from ..refine.layers import layers

COMPOSED = "composed"
"""Name of the mask type that holds the one map."""


@dataclass(frozen=True)
class Composition:
    """How the one map of a case stands.

    Parameters
    ----------
    case
        The case.
    path
        Where its one map lies, or would lie.
    exists
        Whether it was composed before.
    reasons
        Why it is stale, one line each; empty where it is up to date or was never composed.
    """

    case: Case
    path: Path
    exists: bool
    reasons: tuple[str, ...]

    @property
    def is_stale(self) -> bool:
        """Whether it was composed of masks that are others now."""
        return bool(self.reasons)


def composition(dataset: Dataset, case: Case) -> Composition:
    """Say whether the one map of a case still follows from the case's masks.

    It is stale if a mask that it was composed of has changed or is gone, or if there is another mask to use today (the
    canal was refined since).
    """
    path = dataset.mask_path(case, mask_type(COMPOSED))
    if not path.is_file():
        return Composition(case, path, exists=False, reasons=())
    used = {source.name for source in recorded_sources(read_json(sidecar_path(path)).content)}
    reasons = [f"{Path(source.name).name} changed since." for source in changed_sources(dataset, path)]
    parts = _parts(dataset, case)
    for name, part in parts.items():
        uri = dataset.uri(part)
        if uri is not None and uri not in used:
            reasons.append(f"{part.name} is the {name} mask to use today.")
    current = {dataset.uri(file) for file in (case.image, *parts.values())}
    reasons += [f"{Path(uri).name} is not used any more." for uri in sorted(used - current)]
    return Composition(case, path, exists=True, reasons=tuple(reasons))


def compose_case(dataset: Dataset, case: Case) -> SavedMask:
    """Compose the one map of a case from its refined masks (else the lab's) and save it in the output.

    Raises
    ------
    InputError
        The case has none of the masks.
    ConflictError
        A person edited the one map itself; composing would undo that.
    """
    kind = mask_type(COMPOSED)
    path = dataset.mask_path(case, kind)
    if is_of_person(read_pair(path)):
        raise ConflictError(
            f"{path.name} was edited by hand; composing it again would undo the edits.",
            "Take it apart (refine decompose), save the parts as masks of their own, and delete it.",
        )
    image = read_image(case.image)
    masks: dict[str, LabelMap] = {}
    for layer in layers():
        found = load_mask(dataset, case, mask_type(layer.mask))
        if found is not None:
            masks[layer.mask] = reorient_to_grid(found, image.geometry)
    if not masks:
        raise InputError(
            f"{case.key} has no mask to compose: no {', '.join(layer.mask for layer in layers())}.",
            "Run a recipe first, or draw one.",
        )
    sources = [mask.source for mask in masks.values() if mask.source is not None]
    composed = replace(compose(masks), source=None)  # made of several files, an edit of none
    return save_mask(dataset, case, kind, composed, image=image, sources=sources)


def _parts(dataset: Dataset, case: Case) -> dict[str, Path]:
    """Return the file of each mask that composing would use now."""
    parts = {}
    for layer in layers():
        kind = mask_type(layer.mask)
        refined, existing = dataset.mask_path(case, kind), existing_mask(case, kind)
        if refined.is_file():
            parts[layer.mask] = refined
        elif existing is not None:
            parts[layer.mask] = existing.path
    return parts
