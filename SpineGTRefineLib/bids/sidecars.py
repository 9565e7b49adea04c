"""The sidecar of a saved mask: where it comes from, who made it, what really changed.

Only what is listed here is written; nothing is copied from headers or from other sidecars unless its key is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..fileops import sha256_of_file
from ..imaging import LabelDifference, LabelMap, Source
from .dataset import Dataset
from .identity import local_date
from .jsonfiles import read_json
from .layout import PIPELINE, sidecar_path
from .masktypes import MaskType
from .pairs import OWN_KEY, SavedPair

GENERATOR_KEYS = (
    "Name", "Version", "Description", "CodeURL", "ModelURL", "Link", "Container", "Model", "WeightsSHA256", "Policy",
    "Settings", "Record", "Author", "Date",
)  # fmt: skip
"""Keys of a ``GeneratedBy`` entry that are taken over from other tools and from older sidecars."""

_FOREIGN_PATH = re.compile(r"(?:^|[\s\"'=:])(?:/|~|\\\\|[A-Za-z]:[\\/])[^\s/\\]+[/\\]")


@dataclass(frozen=True)
class SourceFile:
    """A file that a mask was made from.

    Parameters
    ----------
    name
        Its BIDS URI, or only its file name if it lies outside of the dataset.
    sha256
        Hash of its content as it was read.
    is_uri
        Whether ``name`` is a URI.
    """

    name: str
    sha256: str
    is_uri: bool


@dataclass(frozen=True)
class Provenance:
    """What a sidecar tells about one save.

    Parameters
    ----------
    mask_type, labels
        What was saved.
    sha256
        Hash of the mask's file.
    status, rater, seconds, saved
        Who decided what, in what time, when (UTC).
    manual
        Whether a person edited this mask, now or before.
    sources
        Files it was made from, the image first.
    base
        The mask that ``difference`` compares with, None for none.
    difference
        What really changed.
    generated_by
        The chain of tools and raters, complete.
    grade
        The rater's mark, None for none.
    verified
        What the rater vouches for, in a form for JSON; empty for nothing in particular.
    """

    mask_type: MaskType
    labels: LabelMap
    sha256: str
    status: str
    rater: str
    seconds: float
    saved: str
    manual: bool
    sources: Sequence[SourceFile]
    base: SourceFile | None
    difference: LabelDifference
    generated_by: Sequence[Mapping[str, Any]]
    grade: int | None = None
    verified: Mapping[str, Any] = field(default_factory=dict)


def source_file(dataset: Dataset, source: Path | Source) -> SourceFile:
    """Describe a file by its URI and hash; a file outside of the dataset by its name only."""
    path = source.path if isinstance(source, Source) else Path(source)
    sha256 = source.sha256 if isinstance(source, Source) else sha256_of_file(path)
    uri = dataset.uri(path)
    return SourceFile(uri or path.name, sha256, uri is not None)


def merged_sources(sources: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """Return each source once; of two states of one file the first, so pass what was read now before what was before.

    A URI stands for one file. Files outside of the dataset are told by name only, since a path would tell about a
    person, and tools name their output alike (``sub-01_T2w.nii.gz``); of these each content counts, and the second of
    a name is numbered.
    """
    merged: dict[str, SourceFile] = {}
    for source in sources:
        name, number = source.name, 1
        while not source.is_uri and name in merged and merged[name].sha256 != source.sha256:
            number += 1
            name = f"{source.name} ({number})"
        merged.setdefault(name, replace(source, name=name))
    return tuple(merged.values())


def continued(sidecar: dict[str, Any], pair: SavedPair | None) -> dict[str, Any]:
    """Keep what a sidecar says about a change where its rater saves the very same mask a second time.

    The change was made between the mask before and this one; saving again does not undo it. Times add up.
    """
    new, old = sidecar[OWN_KEY], pair.own if pair else {}
    if all(new[key] == old.get(key) for key in ("SHA256", "Rater", "Status")):
        new["Seconds"] = round(new["Seconds"] + float(old.get("Seconds", 0)), 1)
        new.update({key: old[key] for key in ("Edited", "Difference") if key in old})
    return sidecar


def recorded_sources(sidecar: Mapping[str, Any]) -> tuple[SourceFile, ...]:
    """Return the sources that a sidecar of ours lists, with their hashes."""
    own = sidecar.get(OWN_KEY)
    hashes = own.get("SourceHashes") if isinstance(own, dict) else None
    uris = sidecar.get("Sources")
    if not isinstance(hashes, dict) or not isinstance(uris, list):
        return ()
    return tuple(SourceFile(str(name), str(sha256), name in uris) for name, sha256 in hashes.items())


def build_sidecar(facts: Provenance) -> dict[str, Any]:
    """Return the content of a mask's sidecar."""
    image = facts.sources[0] if facts.sources else None
    content: dict[str, Any] = {
        "Description": facts.mask_type.description,
        "SpatialReference": image.name if image and image.is_uri else "orig",
        "Sources": [source.name for source in facts.sources if source.is_uri],
        "Manual": facts.manual,
        "GeneratedBy": list(facts.generated_by),
        OWN_KEY: _own_part(facts),
    }
    if facts.mask_type.kind == "mask":
        content["Type"] = "ROI"
    return content


def chain(prior: Iterable[Mapping[str, Any]], *more: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Append generators to a chain; one that is in the chain already, word for word, is not repeated."""
    entries: list[dict[str, Any]] = []
    for entry in (*prior, *more):
        allowed = {key: entry[key] for key in GENERATOR_KEYS if key in entry and not _tells_a_path(entry[key])}
        if allowed and allowed not in entries:
            entries.append(allowed)
    return entries


def prior_chain(mask: Path) -> list[dict[str, Any]]:
    """Return the generators that a mask's own sidecar lists; a flat old sidecar counts as one generator."""
    content = read_json(sidecar_path(mask)).content
    found = content.get("GeneratedBy", [content])
    entries = found if isinstance(found, list) else [found]
    return chain(entry for entry in entries if isinstance(entry, dict))


def this_program() -> dict[str, Any]:
    """Return the entry of this program in a chain of generators."""
    return {"Name": PIPELINE, "Version": __version__}


def manual_edit(rater: str, saved: str) -> dict[str, Any]:
    """Return the entry of a rater's edit, in the form that manual-correction writes."""
    return {"Name": "Manual", "Author": rater, "Date": local_date(saved)}


def _own_part(facts: Provenance) -> dict[str, Any]:
    return {
        "Version": __version__,
        "MaskType": facts.mask_type.name,
        "LabelScheme": facts.labels.scheme.name,
        "SHA256": facts.sha256,
        "Status": facts.status,
        "Rater": facts.rater,
        "Seconds": round(float(facts.seconds), 1),
        "Saved": facts.saved,
        "Edited": facts.difference.edited,
        "SourceHashes": {source.name: source.sha256 for source in facts.sources},
        "Difference": _difference(facts),
        **({"Grade": facts.grade} if facts.grade is not None else {}),
        **({"Verified": dict(facts.verified)} if facts.verified else {}),
    }


def _difference(facts: Provenance) -> dict[str, Any]:
    names = {entry.value: entry.name for entry in facts.labels.scheme}
    return {
        "Against": facts.base.name if facts.base else None,
        "AgainstSHA256": facts.base.sha256 if facts.base else None,
        "ChangedVoxels": facts.difference.changed_voxels,
        "Labels": [
            {
                "Value": row.value,
                "Name": names.get(row.value, ""),
                "VoxelsBefore": row.voxels_before,
                "VoxelsAfter": row.voxels_after,
                "Added": row.added,
                "Removed": row.removed,
                "Dice": round(row.dice, 6),
            }
            for row in facts.difference.values
        ],
    }


def _tells_a_path(value: object) -> bool:
    """Whether a text of another tool holds a path of somebody's computer."""
    if isinstance(value, dict):
        return any(map(_tells_a_path, value.values()))
    return isinstance(value, str) and "://" not in value and _FOREIGN_PATH.search(value) is not None
