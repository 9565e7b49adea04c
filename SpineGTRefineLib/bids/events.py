"""The journal of a dataset: who gave which case which status, and when.

One file per rater and host, only ever appended to, so that no two programs write the same file. The current status is
computed from all of them. A line cut short by a power failure is skipped and never harms the next one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from ..errors import UsageError, WriteError
from ..fileops import remedy_for
from .identity import file_id, host_id, timestamp
from .layout import state_folder

STATUSES = ("todo", "proposed", "draft", "corrected", "accepted-unchanged", "flagged", "excluded")
"""All statuses, from nothing done to left out."""

DONE = frozenset({"corrected", "accepted-unchanged"})
"""Statuses of masks that a person stands for."""

_OF_MACHINES = frozenset({"todo", "proposed"})


@dataclass(frozen=True)
class Event:
    """One change of status.

    Parameters
    ----------
    case, mask_type
        Key of the case and name of the mask type.
    status
        One of :data:`STATUSES`.
    rater
        As typed; "" for a program.
    reason
        Why; required for ``excluded``.
    sha256
        The mask that the status speaks about, "" where there is none.
    seconds
        Time spent since the rater's last event on this mask.
    note
        What the rater wrote about the case.
    grade
        The rater's mark for the image or the mask, 1 (best) to 5; None for none.
    time
        UTC, filled in when left out.
    """

    case: str
    mask_type: str
    status: str
    rater: str = ""
    reason: str = ""
    sha256: str = ""
    seconds: float = 0.0
    note: str = ""
    grade: int | None = None
    time: str = field(default_factory=timestamp)

    def __post_init__(self) -> None:
        require_status(self.status)
        if self.status == "excluded" and not self.reason:
            raise UsageError("A case is excluded for a reason, and none was given.", "Say why, in a few words.")


def require_status(status: str) -> None:
    """Refuse a status outside the vocabulary.

    Raises
    ------
    UsageError
        It is.
    """
    if status not in STATUSES:
        raise UsageError(f"There is no status {status!r}.", f"Choose one of: {', '.join(STATUSES)}.")


def record(output: Path, event: Event) -> None:
    """Append an event to the journal of its rater on this host.

    Raises
    ------
    WriteError
        The file system refused.
    """
    path = state_folder(output, "events") / f"{file_id(event.rater)}_{host_id()}.jsonl"
    line = json.dumps(asdict(event), ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as stream:
            stream.write((b"" if _ends_whole(path) else b"\n") + line.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise WriteError(
            f"The event could not be written to {path}: {error.strerror or error}.", remedy_for(error)
        ) from error


def read_events(output: Path) -> tuple[Event, ...]:
    """Read all events of all raters, in order of time; lines that are no events are skipped."""
    folder = state_folder(output, "events")
    found: list[Event] = []
    for path in sorted(folder.glob("*.jsonl")):
        found += _events_of(path.read_bytes())
    return tuple(sorted(found, key=lambda event: event.time))


def status_by_rater(events: Iterable[Event]) -> dict[tuple[str, str, str], Event]:
    """Return the latest event for every (case, mask type, rater)."""
    return {(event.case, event.mask_type, event.rater): event for event in events}


def current_status(events: Iterable[Event]) -> dict[tuple[str, str], Event]:
    """Return the event that counts for every (case, mask type): the latest of a person, else the latest of a program.

    A new proposal of a model never hides what a person has said.
    """
    current: dict[tuple[str, str], Event] = {}
    for event in events:
        key = (event.case, event.mask_type)
        known = current.get(key)
        if known is None or event.status not in _OF_MACHINES or known.status in _OF_MACHINES:
            current[key] = event
    return current


def _events_of(data: bytes) -> Iterator[Event]:
    names = {entry.name for entry in fields(Event)}
    for line in data.splitlines():
        try:
            row = json.loads(line)
            yield Event(**{key: value for key, value in row.items() if key in names})
        except (ValueError, TypeError, AttributeError, RecursionError):
            continue  # torn by a power cut, or written by hand: the journal of the others still counts


def _ends_whole(path: Path) -> bool:
    if path.stat().st_size == 0:
        return True
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"
