"""Unsaved edits on disk.

A draft is one file: a line of JSON that says whose edits of which mask it holds, then the voxels, compressed. Any
voxels can be kept, also those that could not be saved as a mask yet. It is replaced atomically.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..bids import Dataset
from ..bids.layout import drafts_folder, user_drafts_folder
from ..errors import InputError
from ..fileops import sha256_of_bytes, write_atomic
from ..imaging import Geometry, LabelMap

_SUFFIX = ".draft"


@dataclass(frozen=True)
class DraftInfo:
    """Whose edits of which mask a draft holds.

    Parameters
    ----------
    case, mask_type, rater
        The mask under edit, and who edits it.
    time
        When the draft was written (seconds since 1970, UTC).
    based_on
        SHA-256 of the mask that the edits started from; "" if there was none.
    note
        The rater's note so far.
    seconds
        Active time so far.
    grade, verified
        The rater's mark and what they vouch for, so far.
    """

    case: str
    mask_type: str
    rater: str
    time: float
    based_on: str = ""
    note: str = ""
    seconds: float = 0.0
    grade: int | None = None
    verified: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DraftPlaces:
    """Where a draft goes: beside the output, or to the user's own folder where the output takes no more."""

    usual: Path
    spare: Path

    def __iter__(self) -> Iterator[Path]:
        return iter((self.usual, self.spare))


@dataclass(frozen=True)
class Draft:
    """A draft found on disk."""

    info: DraftInfo
    path: Path

    def labels(self, like: LabelMap) -> LabelMap:
        """Read its voxels; ``like`` gives the scheme and the source that a later save is compared with.

        Raises
        ------
        InputError
            The draft is damaged.
        """
        head, payload = _split(self.path.read_bytes())
        array = np.frombuffer(zlib.decompress(payload), head["dtype"]).reshape(head["shape"], order="F")
        return LabelMap(array, Geometry(tuple(head["shape"]), np.array(head["affine"])), like.scheme, like.source)


def draft_places(dataset: Dataset, case: str, mask_type: str, rater: str) -> DraftPlaces:
    """Return the places of a rater's draft of one mask."""
    track = hashlib.sha256(rater.encode()).hexdigest()[:8]
    name = f"{case}__{mask_type}__{track}{_SUFFIX}"
    return DraftPlaces(drafts_folder(dataset.output) / name, user_drafts_folder(dataset.output) / name)


def write_draft(path: Path, labels: LabelMap, info: DraftInfo) -> None:
    """Write one draft; the previous one stays whole until this one is.

    Raises
    ------
    WriteError
        The file system refused.
    """
    payload = zlib.compress(labels.array.tobytes(order="F"), 1)
    head = {
        "info": asdict(info),
        "shape": labels.geometry.shape,
        "affine": labels.geometry.affine.tolist(),
        "dtype": labels.array.dtype.str,
        "sha256": sha256_of_bytes(payload),
    }
    write_atomic(path, json.dumps(head, ensure_ascii=False).encode() + b"\n" + payload)


def find_drafts(dataset: Dataset, rater: str | None = None) -> tuple[Draft, ...]:
    """Return whole drafts, newest first, of one rater or (None) of all; those cut short are passed over."""
    newest: dict[str, Draft] = {}
    for path in _draft_files(dataset):
        with contextlib.suppress(InputError, OSError):
            draft = read_draft(path)
            known = newest.get(path.name)
            if rater in (None, draft.info.rater) and (known is None or known.info.time < draft.info.time):
                newest[path.name] = draft
    return tuple(sorted(newest.values(), key=lambda draft: -draft.info.time))


def drafted_masks(dataset: Dataset, rater: str) -> set[tuple[str, str]]:
    """Return case key and mask type name of a rater's drafts. Only their first lines are read."""
    found = set()
    for path in _draft_files(dataset):
        with contextlib.suppress(InputError, OSError), path.open("rb") as stream:
            info = _info(_head(stream.readline()))
            if info.rater == rater:
                found.add((info.case, info.mask_type))
    return found


def read_draft(path: Path) -> Draft:
    """Read whose draft a file is; its voxels are read later.

    Raises
    ------
    InputError
        It is damaged.
    """
    return Draft(_info(_split(path.read_bytes())[0]), path)


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    line, _, payload = data.partition(b"\n")
    head = _head(line)
    if head.get("sha256") != sha256_of_bytes(payload):
        raise InputError("The draft is damaged: it was cut short.", "It cannot be recovered.")
    return head, payload


def _head(line: bytes) -> dict[str, Any]:
    try:
        head = json.loads(line)
        _info(head)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("The draft is damaged: its first line cannot be read.", "It cannot be recovered.") from error
    return dict(head)


def _info(head: dict[str, Any]) -> DraftInfo:
    return DraftInfo(**head["info"])


def _draft_files(dataset: Dataset) -> Iterator[Path]:
    for folder in dict.fromkeys((drafts_folder(dataset.output), user_drafts_folder(dataset.output))):
        yield from folder.glob(f"*{_SUFFIX}")
