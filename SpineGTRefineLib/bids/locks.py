"""Leases: one rater at a time on one mask, on any file system, without a server.

A lease is a file that only one program can make (``O_EXCL``). Its holder refreshes it while at work; one that was not
refreshed for long is offered for take-over, never taken silently.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..errors import LockedError, WriteError
from ..fileops import remedy_for, write_text_atomic
from .identity import host_id, timestamp
from .jsonfiles import read_json
from .layout import state_folder

STALE_AFTER_S = 600.0
"""Seconds without a sign of life after which a lease is offered to others."""

TURN_WAIT_S = 10.0
"""Longest wait for another program that replaces the same file, which takes a moment."""

GUARD_LEFT_BEHIND_S = 60.0
"""Seconds after which the mark of a replacement, which takes a moment, was left behind by a crash elsewhere."""

UNSIGNED_S = 1.0
"""Seconds after which a mark that does not say whose it is was left behind: it is signed as soon as it is made."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lease.

    Parameters
    ----------
    rater
        As typed.
    host, pid
        Machine (as a short hash) and process.
    since
        When the lease was taken (UTC, the holder's clock).
    token
        Tells this lease from all others.
    """

    rater: str
    host: str
    pid: int
    since: str
    token: str


@dataclass(frozen=True)
class Lease:
    """A lease that this program holds; release it when the rater leaves the mask. Works in a ``with`` statement.

    Parameters
    ----------
    path
        The lease's file.
    holder
        This program.
    """

    path: Path
    holder: Holder

    def refresh(self) -> None:
        """Show that the holder is still at work.

        Raises
        ------
        LockedError
            Somebody took the lease over.
        """
        if holder_of(self.path) != self.holder:
            raise LockedError("Your hold on this mask was taken over.", "Save your edits as a draft and reload.")
        os.utime(self.path)

    def release(self) -> None:
        """Give the mask free; does nothing if somebody took the lease over, or is about to."""
        with _guard(self.path) as guarded:
            if guarded and holder_of(self.path) == self.holder:
                self.path.unlink(missing_ok=True)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


def acquire(output: Path, case: str, mask_type: str, rater: str, *, track: str = "", take_over: bool = False) -> Lease:
    """Take the lease of a mask.

    A lease of the same rater on this machine whose program has ended is replaced. Others are respected; stale ones are
    replaced on request.

    Parameters
    ----------
    output, case, mask_type
        Which mask.
    rater
        Who asks.
    track
        Where each rater has a mask of their own: which one (its ``desc-``).
    take_over
        Replace the lease of somebody who gives no sign of life.

    Raises
    ------
    LockedError
        Somebody else holds it; the message says who, and whether it can be taken over.
    WriteError
        The folder is read-only.
    """
    path = lease_path(output, case, mask_type, track)
    mine = Holder(rater, host_id(), os.getpid(), timestamp(), uuid.uuid4().hex)
    if _create(path, mine):
        return Lease(path, mine)
    other = holder_of(path)
    if other is not None and _may_replace(path, other, rater, take_over=take_over):
        with _guard(path) as guarded:
            if guarded and holder_of(path) == other:
                write_text_atomic(path, json.dumps(asdict(mine)))
                return Lease(path, mine)
    raise _locked(path, holder_of(path))


def require_free(output: Path, case: str, mask_type: str, rater: str, track: str = "") -> None:
    """Do nothing if no other rater holds the mask.

    Raises
    ------
    LockedError
        Somebody does.
    """
    path = lease_path(output, case, mask_type, track)
    other = holder_of(path)
    if other is not None and other.rater != rater:
        raise _locked(path, other)


def lease_path(output: Path, case: str, mask_type: str, track: str = "") -> Path:
    """Return the file that stands for a mask's lease."""
    return state_folder(output, "locks") / ("__".join(filter(None, (case, mask_type, track))) + ".json")


def holder_of(path: Path) -> Holder | None:
    """Return who holds a lease; None if nobody does. A lease cut short by a crash is held by nobody known."""
    if not path.is_file():
        return None
    content = read_json(path).content
    try:
        return Holder(**{field.name: content[field.name] for field in fields(Holder)})
    except KeyError:
        return Holder("unknown", "", 0, "", "")


def is_stale(path: Path, holder: Holder) -> bool:
    """Whether a lease's holder shows no sign of life: its process is gone, or did not refresh for long.

    Ages are told by the clock of the file system that holds the lease, so that clocks of raters may disagree.
    """
    if holder.host == host_id() and not _is_running(holder.pid):
        return True
    try:
        return _file_system_time(path.parent) - path.stat().st_mtime > STALE_AFTER_S
    except FileNotFoundError:
        return True


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let only one program at a time read a file and replace it by what follows from it.

    Raises
    ------
    LockedError
        Another program did not end within :data:`TURN_WAIT_S`.
    WriteError
        The folder of the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _file_system_time(path.parent)
    except OSError as error:
        raise WriteError(f"{path} could not be written: {error.strerror or error}.", remedy_for(error)) from error
    ends = time.monotonic() + TURN_WAIT_S
    while time.monotonic() < ends:
        with _guard(path) as guarded:
            if guarded:
                yield
                return
        time.sleep(0.05)
    raise LockedError(f"Another program is writing {path}.", "Wait a minute, and do it again.")


def _may_replace(path: Path, other: Holder, rater: str, *, take_over: bool) -> bool:
    own_crash = other.rater == rater and other.host == host_id() and not _is_running(other.pid)
    return own_crash or (take_over and is_stale(path, other))


def _create(path: Path, holder: Holder) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            json.dump(asdict(holder), stream)
    except FileExistsError:
        return False
    except OSError as error:
        raise WriteError(
            f"The mask cannot be locked: {path.parent} {error.strerror or error}.",
            "Choose a folder you can write to with --output.",
        ) from error
    return True


@contextlib.contextmanager
def _guard(path: Path) -> Iterator[bool]:
    """Hold the right to replace a file, or to remove a lease; yields whether it was got.

    Between looking at a file and replacing it, nobody else may do the same. The guard is held for a moment only; one
    that a crash left behind is removed by the next who comes, at once if the program was of this machine.
    """
    guard = path.with_suffix(".guard")
    try:
        if _is_left_behind(guard):
            guard.unlink(missing_ok=True)
        got = _create(guard, Holder("", host_id(), os.getpid(), timestamp(), uuid.uuid4().hex))
    except (OSError, WriteError):
        got = False
    try:
        yield got
    finally:
        if got:
            guard.unlink(missing_ok=True)


def _is_left_behind(guard: Path) -> bool:
    holder = holder_of(guard)
    if holder is None:
        return False
    if holder.host == host_id() and not _is_running(holder.pid):
        return True
    with contextlib.suppress(FileNotFoundError):
        age = _file_system_time(guard.parent) - guard.stat().st_mtime
        return age > (GUARD_LEFT_BEHIND_S if holder.host else UNSIGNED_S)
    return False


def _locked(path: Path, holder: Holder | None) -> LockedError:
    who = (holder.rater if holder else "") or "another program"
    since = f" since {holder.since[:16].replace('T', ' ')} UTC" if holder and holder.since else ""
    if holder and is_stale(path, holder):
        remedy = "There was no sign of life for a while: you can take the mask over."
    else:
        remedy = "Take another case, or ask them to close this one."
    return LockedError(f"{who} is working on this mask{since}.", remedy)


def _file_system_time(folder: Path) -> float:
    probe = folder / f".clock-{uuid.uuid4().hex}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    """Whether a process of this machine runs; where the system gives no harmless way to ask, it counts as running."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
