"""File operations that never leave a half-written file: the old or the new content, never a mix."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import time
import uuid
from pathlib import Path

from .errors import WriteError

REPLACE_ATTEMPTS = 5
"""How often a replace is tried when another program holds the target open (Windows, network shares)."""

REPLACE_WAIT_S = 0.2
"""Seconds between two attempts."""

LEFTOVER_AFTER_S = 24 * 3600.0
"""Age at which a temporary file is certainly nobody's any more."""

_TEMPORARY = re.compile(r"\.tmp-[0-9a-f]{32}")


def sha256_of_bytes(data: bytes | memoryview) -> str:
    """Return the SHA-256 of ``data`` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hexadecimal digits (links are followed)."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_atomic(path: Path, data: bytes) -> None:
    """Replace ``path`` by a file with content ``data``.

    The bytes go to a temporary file in the same folder, are flushed to the disk, and take the name in one step. If
    ``path`` is a symbolic link (git-annex), the link itself is replaced; what it points to is never written. A regular
    file keeps its permissions.

    Raises
    ------
    WriteError
        Disk full, folder read-only, or target held open. The old file is intact and no temporary file is left.
    """
    temporary = path.with_name(f".tmp-{uuid.uuid4().hex}")  # as _TEMPORARY knows it
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        _keep_permissions(path, temporary)
        _replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        unchanged = " The previous file is unchanged." if os.path.lexists(path) else ""
        raise WriteError(
            f"{path} could not be written: {error.strerror or error}.{unchanged}", remedy_for(error)
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path, older_than_s: float = LEFTOVER_AFTER_S) -> int:
    """Remove temporary files of :func:`write_atomic` that a killed program left below a folder; return how many.

    Only files of our own naming go, and only old ones: a young one may be about to take its name. What cannot be
    looked at or removed stays. Links to folders are not followed.
    """
    removed = 0
    for place, _, names in os.walk(folder):
        for name in filter(_TEMPORARY.fullmatch, names):
            with contextlib.suppress(OSError):
                state = os.lstat(os.path.join(place, name))  # noqa: PTH118 - as os.walk says it
                if stat.S_ISREG(state.st_mode) and time.time() - state.st_mtime > older_than_s:
                    Path(place, name).unlink()
                    removed += 1
    return removed


def write_text_atomic(path: Path, text: str) -> None:
    """Like :func:`write_atomic` for text, as UTF-8 with Unix line ends."""
    write_atomic(path, text.encode("utf-8"))


def remedy_for(error: OSError) -> str:
    """Say what a person can do about a write that the system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Free some disk space, or choose another folder with --output; then save again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Close programs that hold the file, ask for the right to write there, or choose another --output."
    return "Choose another folder with --output."


def _keep_permissions(old: Path, new: Path) -> None:
    """Give the new file the mode of the old one, so that a private or a group-writable mask stays so."""
    with contextlib.suppress(FileNotFoundError):
        mode = old.lstat().st_mode
        if stat.S_ISREG(mode):
            new.chmod(stat.S_IMODE(mode))


def _replace(source: Path, target: Path) -> None:
    for attempt in range(REPLACE_ATTEMPTS):
        try:
            source.replace(target)
            return
        except PermissionError:
            if attempt == REPLACE_ATTEMPTS - 1:
                raise
            time.sleep(REPLACE_WAIT_S)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut. Not every system can open a folder; then nothing is lost."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
