"""What a version writes down about a case, and about itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ... import __version__
from ...bids import Dataset, MaskType
from ...bids.identity import timestamp
from ...bids.jsonfiles import read_json
from ...bids.layout import sidecar_path
from ...bids.pairs import OWN_KEY
from ...errors import DatasetError
from .fingerprints import Fingerprint
from .rows import NO_FOLD, VersionCase
from .selection import Candidate, Rules
from .splits import Place, SplitSettings
from .version import Version, identity_of_test_set


def row_of(dataset: Dataset, candidate: Candidate, found: Fingerprint, place: Place) -> VersionCase:
    """Return the row of a case; marks of its sidecar count only if they are about this very mask."""
    case, event = candidate.case, candidate.event
    return VersionCase(
        case=case.key,
        subject=case.subject,
        session=case.session or "",
        contrast=case.contrast,
        split=place.split,
        fold=place.fold if place.split == "train" else NO_FOLD,
        status=event.status if event else "todo",
        grade=event.grade if event else None,
        rater=event.rater if event else "",
        image=_uri(dataset, case.image),
        image_sha256=found.image_sha256,
        image_content=found.image_content,
        mask=_uri(dataset, candidate.mask),
        mask_sha256=found.mask_sha256,
        values=found.values,
        verified=_verified(candidate.mask, found.mask_sha256),
    )


def _uri(dataset: Dataset, path: Path) -> str:
    uri = dataset.uri(path)
    if uri is None:
        raise DatasetError(f"{path} lies outside of the dataset.", "Open the dataset by its own folder.")
    return uri


def _verified(mask: Path, sha256: str) -> Mapping[str, Any]:
    own = read_json(sidecar_path(mask)).content.get(OWN_KEY)
    if not isinstance(own, dict) or own.get("SHA256") != sha256:
        return {}
    marks = own.get("Verified")
    return marks if isinstance(marks, dict) else {}


def facts_of(mask_type: MaskType, rules: Rules, split: SplitSettings, parent: Version | None) -> dict[str, Any]:
    """Return what the manifest says beside the cases."""
    return {
        "MaskType": mask_type.name,
        "LabelScheme": mask_type.scheme_name,
        "Created": timestamp(),
        "GeneratedBy": {"Name": "spine-gt-refine", "Version": __version__},
        "Seed": split.seed,
        "TestFraction": split.test_fraction,
        "Rules": rules.as_json(),
        "Parent": {"Name": parent.name, "SHA256": parent.sha256} if parent else None,
    }


def test_set_notes(parent: Version | None, rows: Sequence[VersionCase]) -> list[str]:
    """Say what is different about the test set; nothing if scores on the two versions compare."""
    if parent is None or identity_of_test_set(rows) == parent.test_sha256:
        return []
    now = {row.case: row for row in rows if row.split == "test"}
    notes = []
    for row in parent.cases("test"):
        if row.case not in now:
            notes.append(f"test case {row.case} is missing: scores do not compare with those on {parent.name}")
        elif now[row.case].mask_sha256 != row.mask_sha256:
            notes.append(f"the mask of test case {row.case} changed: scores do not compare with those on {parent.name}")
    return notes or [f"the test set is not that of {parent.name}: scores do not compare"]
