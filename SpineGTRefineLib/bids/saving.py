"""Saving the mask of a case: the only way into the output folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import GeometryError, LabelError, UsageError
from ..fileops import sha256_of_bytes
from ..imaging import Image, LabelDifference, LabelMap, Source, encode_labels
from . import history, locks
from .baseline import Baseline, find_baseline, is_of_person, refuse_foreign_change
from .case import Case
from .dataset import Dataset
from .description import prepare_output
from .events import Event, require_status
from .identity import timestamp
from .layout import check_inside, sidecar_path
from .masktypes import MaskType
from .names import is_valid_id
from .pairs import complete_pair, read_pair, turn_to_write, write_pair
from .profiles import PROPOSAL, REFINED
from .sidecars import (
    Provenance,
    SourceFile,
    build_sidecar,
    chain,
    continued,
    manual_edit,
    merged_sources,
    source_file,
    this_program,
)

SAVABLE = frozenset({"proposed", "draft", "corrected", "accepted-unchanged", "flagged"})
"""Statuses that come with a mask; the others are recorded without one."""


@dataclass(frozen=True)
class Remarks:
    """What a rater says about a mask beside its status. Free text stays in the events, out of the public sidecar.

    Parameters
    ----------
    note
        Free text.
    reason
        Why it is flagged.
    grade
        1 (best) to 5; None for none.
    verified
        Slices and structures that the rater vouches for, in a form for JSON.
    """

    note: str = ""
    reason: str = ""
    grade: int | None = None
    verified: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedMask:
    """What was written.

    Parameters
    ----------
    path, sidecar
        The mask and its sidecar.
    sha256
        Hash of the mask's file.
    difference
        What changed against the mask that was there, or that the rater started from.
    status
        What was recorded; ``corrected`` and ``accepted-unchanged`` follow from the real difference.
    """

    path: Path
    sidecar: Path
    sha256: str
    difference: LabelDifference
    status: str


def save_mask(
    dataset: Dataset,
    case: Case,
    mask_type: MaskType,
    labels: LabelMap,
    *,
    image: Image,
    rater: str = "",
    status: str = "proposed",
    seconds: float = 0.0,
    sources: Sequence[Path | Source] = (),
    generated_by: Sequence[Mapping[str, Any]] = (),
    desc: str | None = None,
    remarks: Remarks = Remarks(),
) -> SavedMask:
    """Save the mask of a case in the output folder, with its sidecar and an event.

    The mask that was there goes to the history first. After a crash at any moment the old or the new pair of mask and
    sidecar is what :func:`.loading.load_mask` finds.

    Parameters
    ----------
    dataset, case, mask_type
        Where it belongs.
    labels
        The mask, on the image's grid, with values of the mask type's scheme only.
    image
        The case's image; the mask takes over what its header says about space, byte for byte.
    rater
        As typed; "" for a program.
    status
        ``proposed``, ``draft``, ``corrected``, ``accepted-unchanged`` or ``flagged``. Of ``corrected`` and
        ``accepted-unchanged`` the one is recorded that the real difference supports.
    seconds
        Time that the rater spent.
    sources
        Further files that the mask was made from, beside the image.
    generated_by
        Tools that made it: dictionaries with Name, Version ...
    desc
        ``desc-`` of the file. None for ``refined``; a program's proposal for a mask that a person had a say in goes
        or that one works on right now, goes beside it, as ``proposal``. Any other name is a track of its own (a rater
        who works without seeing the others).
    remarks
        What else the rater says.

    Raises
    ------
    GeometryError
        The mask does not lie on the image's grid.
    LabelError
        It holds values outside the scheme.
    LockedError, ChangedOnDiskError
        Somebody else works on the mask, or replaced it since it was read.
    WriteError
        The file system refused; the previous mask is intact.
    """
    _check_request(case, mask_type, labels, image, status, desc)
    data = encode_labels(labels, image.source.header if image.source else None)
    with turn_to_write(dataset.output, dataset.mask_path(case, mask_type)):
        if desc is None:
            desc = _desc_for(dataset, case, mask_type, status)
        target = _prepared_target(dataset, case, mask_type, desc, rater)
        pair = read_pair(target)
        if status != "proposed":
            refuse_foreign_change(target, pair, labels, rater)
        base = find_baseline(dataset, target, pair, labels, status)
        difference = base.difference(labels)
        saved = timestamp()
        facts = Provenance(
            mask_type=mask_type,
            labels=labels,
            sha256=sha256_of_bytes(data),
            status=base.honest_status(status, rater, edited=difference.edited),
            rater=rater,
            seconds=seconds,
            saved=saved,
            manual=base.manual or (status != "proposed" and difference.edited),
            sources=_sources(dataset, case, image, base, sources),
            base=base.file,
            difference=difference,
            generated_by=_generators(base, generated_by, rater, status, saved, edited=difference.edited),
            grade=remarks.grade,
            verified=remarks.verified,
        )
        history.keep(dataset, case, mask_type, target, rater=rater)
        write_pair(dataset.output, target, data, continued(build_sidecar(facts), pair), _event(case, facts, remarks))
    return SavedMask(target, sidecar_path(target), facts.sha256, difference, facts.status)


def _check_request(
    case: Case, mask_type: MaskType, labels: LabelMap, image: Image, status: str, desc: str | None
) -> None:
    require_status(status)
    if status not in SAVABLE:
        raise UsageError(f"The status {status!r} comes without a mask.", "Record it as an event instead.")
    if desc is not None and not is_valid_id(desc):
        raise UsageError(f"The description {desc!r} is not valid in a file name.", "Use letters and digits only.")
    if labels.scheme.name != mask_type.scheme_name:
        raise LabelError(
            f"The {mask_type.name} mask is in the label scheme {labels.scheme.name!r}, expected "
            f"{mask_type.scheme_name!r}.",
            "Convert it first (spine-gt-refine convert, or LabelMap.converted).",
        )
    if not labels.geometry.matches(image.geometry):
        raise GeometryError(
            f"The mask does not lie on the image's grid: {labels.geometry.told_from(image.geometry)}.",
            "Resample or restore it to the image's grid before saving.",
        )
    source = image.source
    if source and source.path.exists() and case.image.exists() and not source.path.samefile(case.image):
        raise UsageError(f"{source.path.name} is not the image of the case {case.key}.", "Pass the case's own image.")


def _desc_for(dataset: Dataset, case: Case, mask_type: MaskType, status: str) -> str:
    if status != "proposed":
        return REFINED
    refined = dataset.mask_path(case, mask_type)
    complete_pair(dataset.output, refined)
    is_taken = locks.holder_of(locks.lease_path(dataset.output, case.key, mask_type.name)) is not None
    return PROPOSAL if is_taken or is_of_person(read_pair(refined)) else REFINED


def _prepared_target(dataset: Dataset, case: Case, mask_type: MaskType, desc: str, rater: str) -> Path:
    """Return the place to write to, after everything that must be in order there is in order."""
    target = dataset.mask_path(case, mask_type, desc)
    check_inside(dataset.output, target)
    if desc != PROPOSAL:
        track = "" if desc == REFINED else desc
        locks.require_free(dataset.output, case.key, mask_type.name, rater, track)
    prepare_output(dataset, mask_type)
    complete_pair(dataset.output, target)
    return target


def _event(case: Case, facts: Provenance, remarks: Remarks) -> Event:
    return Event(
        case.key,
        facts.mask_type.name,
        facts.status,
        facts.rater,
        remarks.reason,
        facts.sha256,
        round(float(facts.seconds), 1),
        remarks.note,
        remarks.grade,
        facts.saved,
    )


def _sources(
    dataset: Dataset, case: Case, image: Image, base: Baseline, more: Sequence[Path | Source]
) -> tuple[SourceFile, ...]:
    first = source_file(dataset, replace(image.source, path=case.image) if image.source else case.image)
    return merged_sources((first, *(source_file(dataset, source) for source in more), *base.sources))


def _generators(
    base: Baseline, more: Sequence[Mapping[str, Any]], rater: str, status: str, saved: str, *, edited: bool
) -> list[dict[str, Any]]:
    by_person = [manual_edit(rater, saved)] if edited and status != "proposed" else []
    return chain(base.generators, *more, this_program(), *by_person)
