"""Nothing that was saved is ever lost: a mask that is about to be replaced is kept first, with its sidecar."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CorruptFileError, UsageError
from ..fileops import sha256_of_bytes, write_atomic
from . import locks
from .case import Case
from .dataset import Dataset
from .events import DONE, Event
from .identity import timestamp
from .jsonfiles import json_text, parse_json, read_json
from .layout import check_inside, sidecar_path, state_folder
from .masktypes import MaskType
from .pairs import OWN_KEY, complete_pair, turn_to_write, write_pair


@dataclass(frozen=True)
class Version:
    """A mask that was replaced.

    Parameters
    ----------
    case, mask_type
        Which mask.
    place
        BIDS URI of the file that was replaced.
    sha256
        Hash of the mask's file.
    sidecar_sha256
        Hash of its sidecar, "" where it had none.
    replaced_at, replaced_by
        When (UTC) and by which rater.
    reason
        ``save``, ``restore`` or ``publish``.
    """

    case: str
    mask_type: str
    place: str
    sha256: str
    sidecar_sha256: str
    replaced_at: str
    replaced_by: str
    reason: str


def keep(
    dataset: Dataset, case: Case, mask_type: MaskType, mask: Path, *, rater: str = "", reason: str = "save"
) -> Version | None:
    """Copy a mask and its sidecar to the history.

    Returns
    -------
    Version or None
        None where there is no mask to keep.
    """
    if not mask.is_file():
        return None
    output = dataset.output
    sidecar = sidecar_path(mask)
    version = Version(
        case=case.key,
        mask_type=mask_type.name,
        place=dataset.uri(mask) or mask.name,
        sha256=_store(output, mask.read_bytes()),
        sidecar_sha256=_store(output, sidecar.read_bytes()) if sidecar.is_file() else "",
        replaced_at=timestamp(),
        replaced_by=rater,
        reason=reason,
    )
    name = f"{version.replaced_at.replace(':', '').replace('.', '')}_{uuid.uuid4().hex[:8]}.json"
    write_atomic(state_folder(output, "history", "cases", case.key) / name, json_text(vars(version)).encode("utf-8"))
    return version


def restore(dataset: Dataset, case: Case, mask_type: MaskType, sha256: str, *, rater: str = "") -> Path:
    """Put an old mask back to where it was, with its sidecar; the present one goes to the history.

    Parameters
    ----------
    dataset, case, mask_type
        Which mask.
    sha256
        The beginning of the old mask's hash, as :func:`versions` lists it.
    rater
        Who restores.

    Returns
    -------
    Path
        The mask's file.

    Raises
    ------
    UsageError
        There is no such version.
    LockedError
        Another rater works on the mask.
    CorruptFileError
        What was kept is damaged; nothing was changed.
    """
    version = find_version(dataset.output, case.key, mask_type.name, sha256)
    target = dataset.path_of(version.place)
    check_inside(dataset.output if target.is_relative_to(dataset.output) else dataset.root / "derivatives", target)
    if target == dataset.mask_path(case, mask_type):
        locks.require_free(dataset.output, case.key, mask_type.name, rater)
    data = stored_bytes(dataset.output, version.sha256)
    sidecar_data = stored_bytes(dataset.output, version.sidecar_sha256) if version.sidecar_sha256 else b""
    if target.is_relative_to(dataset.output):
        sidecar, event = _restored(version, parse_json(sidecar_data).content, rater)
        with turn_to_write(dataset.output, target):
            complete_pair(dataset.output, target)
            keep(dataset, case, mask_type, target, rater=rater, reason="restore")
            write_pair(dataset.output, target, data, sidecar, event)
    else:
        keep(dataset, case, mask_type, target, rater=rater, reason="restore")
        write_atomic(target, data)
        if sidecar_data:
            write_atomic(sidecar_path(target), sidecar_data)
    return target


def versions(output: Path, case: str, mask_type: str | None = None) -> tuple[Version, ...]:
    """List what was kept for a case, oldest first; entries that cannot be read are left out."""
    found = []
    for path in sorted(state_folder(output, "history", "cases", case).glob("*.json")):
        content = read_json(path).content
        try:
            version = Version(**content)
        except TypeError:
            continue
        if mask_type in (None, version.mask_type):
            found.append(version)
    return tuple(found)


def find_version(output: Path, case: str, mask_type: str, sha256: str) -> Version:
    """Return the newest version whose hash starts with ``sha256``.

    Raises
    ------
    UsageError
        There is none, or the beginning fits several masks.
    """
    fitting = [version for version in versions(output, case, mask_type) if version.sha256.startswith(sha256)]
    if not fitting or not sha256:
        raise UsageError(
            f"The history of {case} holds no {mask_type} mask {sha256!r}.", "List it with: spine-gt-refine history"
        )
    if len({version.sha256 for version in fitting}) > 1:
        raise UsageError(f"{sha256!r} fits several masks in the history of {case}.", "Give more digits of the hash.")
    return fitting[-1]


def stored_bytes(output: Path, sha256: str) -> bytes:
    """Return the content kept under a hash.

    Raises
    ------
    CorruptFileError
        It is gone, or is no longer what was kept.
    """
    path = _object_path(output, sha256)
    data = path.read_bytes() if path.is_file() else b""
    if sha256_of_bytes(data) != sha256:
        raise CorruptFileError(
            f"The kept file {path.name} is damaged or gone.", "Restore another version; the current mask is unchanged."
        )
    return data


def _restored(version: Version, sidecar: dict[str, Any], rater: str) -> tuple[dict[str, Any], Event]:
    """Return the sidecar and the event of a restored mask. One that nobody stood for is flagged: look at it again."""
    own = sidecar.get(OWN_KEY)
    own = own if isinstance(own, dict) and own.get("SHA256") == version.sha256 else {"SHA256": version.sha256}
    status = str(own.get("Status"))
    if status not in DONE:
        status = "flagged"
    own = {**own, "Status": status, "Restored": {"Rater": rater, "Date": timestamp()}}
    event = Event(version.case, version.mask_type, status, rater, "restored from the history", version.sha256)
    return {**sidecar, OWN_KEY: own}, event


def _store(output: Path, data: bytes) -> str:
    sha256 = sha256_of_bytes(data)
    path = _object_path(output, sha256)
    if not path.is_file() or sha256_of_bytes(path.read_bytes()) != sha256:
        write_atomic(path, data)
    return sha256


def _object_path(output: Path, sha256: str) -> Path:
    return state_folder(output, "history", "objects", sha256[:2], sha256)
