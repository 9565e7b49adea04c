"""A mask and its sidecar, replaced together: after a crash at any moment the old or the new pair is what is read.

No file system replaces two files at once. So the new sidecar is noted first; the mask follows, then the sidecar, then
the event, and the note goes last. Whoever finds a note finishes the work if the mask already is the new one, and else
drops the note. Programs that save the same mask take turns, so that a note of one at work is not taken for a crash.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import LockedError, WriteError
from ..fileops import sha256_of_bytes, sha256_of_file, write_atomic, write_text_atomic
from .events import Event, read_events, record
from .jsonfiles import json_text, read_json, write_json
from .layout import sidecar_path, state_folder
from .locks import one_at_a_time

OWN_KEY = "SpineGTRefine"
"""Key of the sidecar under which everything lies that is neither BIDS nor the lab's."""


@dataclass(frozen=True)
class SavedPair:
    """What lies at the place of a mask.

    Parameters
    ----------
    sha256
        Hash of the mask's file.
    sidecar
        Content of its sidecar, empty where there is none that can be read.
    problem
        Why the sidecar does not describe the mask, "" where it does.
    """

    sha256: str
    sidecar: dict[str, Any]
    problem: str = ""

    @property
    def own(self) -> dict[str, Any]:
        """Our own part of the sidecar, empty unless the sidecar describes the mask."""
        own = self.sidecar.get(OWN_KEY)
        return own if isinstance(own, dict) and not self.problem else {}


def turn_to_write(output: Path, mask: Path) -> AbstractContextManager[None]:
    """Return the turn (for ``with``) of a program that replaces a mask; one for all ``desc-`` of a case's mask.

    What decides where a mask goes, and how it differs from the one before, is read within the turn, too.

    Raises
    ------
    LockedError
        Another program has been writing for long.
    WriteError
        The output folder cannot be written.
    """
    return one_at_a_time(state_folder(output, "locks") / re.sub("_desc-[^_]+", "", sidecar_path(mask).name))


def write_pair(output: Path, mask: Path, data: bytes, sidecar: dict[str, Any], event: Event) -> None:
    """Replace a mask and its sidecar and record the event; in one's turn.

    Raises
    ------
    WriteError
        The file system refused. The old pair is intact, or the new one will be completed when it is next read.
    """
    note = _note_path(output, mask)
    write_text_atomic(note, json_text({"SHA256": sha256_of_bytes(data), "Sidecar": sidecar, "Event": asdict(event)}))
    write_atomic(mask, data)
    write_json(sidecar_path(mask), sidecar)
    record(output, event)
    note.unlink(missing_ok=True)


def complete_pair(output: Path, mask: Path) -> None:
    """Finish, or forget, a replacement of this mask that was interrupted; in one's turn. Does nothing otherwise."""
    note = _note_path(output, mask)
    if not note.is_file():
        return
    content = read_json(note).content
    if mask.is_file() and sha256_of_file(mask) == content.get("SHA256"):
        write_json(sidecar_path(mask), content["Sidecar"])
        event = Event(**content["Event"])
        if event not in read_events(output):
            record(output, event)
    note.unlink(missing_ok=True)


def read_whole_pair(output: Path, mask: Path) -> SavedPair | None:
    """Say what lies at the place of a mask, after a save that goes on there or was interrupted is completed."""
    if _note_path(output, mask).is_file():
        # Reading works in a read-only folder, too, and beside a program that hangs.
        with suppress(WriteError, LockedError), turn_to_write(output, mask):
            complete_pair(output, mask)
    return read_pair(mask)


def read_pair(mask: Path) -> SavedPair | None:
    """Say what lies at the place of a mask at this moment; None if there is no mask."""
    if not mask.is_file():
        return None
    sha256 = sha256_of_file(mask)
    found = read_json(sidecar_path(mask))
    return SavedPair(sha256, found.content, found.problem or _contradiction(found.content.get(OWN_KEY), sha256))


def _contradiction(own: object, sha256: str) -> str:
    if not isinstance(own, dict):
        return "The mask has no sidecar of ours."
    if own.get("SHA256") != sha256:
        return "The sidecar does not describe this mask: the mask was changed by another program."
    return ""


def _note_path(output: Path, mask: Path) -> Path:
    return state_folder(output, "history", "pending") / sidecar_path(mask).name
