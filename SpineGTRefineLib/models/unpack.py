"""Unpack an archive that somebody else made, without letting it write outside its folder or fill the disk.

Only regular files are taken, only below the target, and every byte that comes out is counted: what an archive says
about its own sizes is not believed. Files that hold code are left out; a model is data.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from ..errors import CorruptFileError, UnsafeModelError, UnsupportedFileError, WriteError
from .installed import MAKE_ROOM

MAX_TOTAL_BYTES = 16 * 2**30
"""Largest content of a model archive; five folds of a large network need about 2.5 GB."""

MAX_RATIO = 200
"""Largest growth of one file on unpacking. Weights hardly shrink, JSON shrinks by about ten."""

MAX_MEMBERS = 10_000
"""Largest number of files in an archive."""

RATIO_FREE_BYTES = 2**24
"""Files below this size may grow as they like."""

CODE_SUFFIXES = frozenset({".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".ps1", ".pkl"})
"""Files that are never unpacked."""

_CHUNK = 2**20


def unpack_zip(archive: Path, target: Path, progress: Callable[[float], None] | None = None) -> None:
    """Unpack ``archive`` into the new folder ``target``.

    Raises
    ------
    UnsupportedFileError
        It is not a zip archive, or it is encrypted.
    CorruptFileError
        It is cut short or damaged.
    UnsafeModelError
        A member would land outside the folder, is a link or a device, or grows like a bomb. Nothing is left behind.
    WriteError
        The disk is full or read-only.
    """
    target.mkdir(parents=True)
    try:
        with _open(archive) as bundle:
            members = bundle.infolist()
            paths = _safe_paths(members)
            _Writer(bundle, target, progress).write(paths)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _open(archive: Path) -> zipfile.ZipFile:
    with archive.open("rb") as stream:
        start = stream.read(4)
    if start[:2] != b"PK":
        raise UnsupportedFileError(
            f"{archive.name} is not a zip archive.", "Models are installed from a zip archive or from a folder."
        )
    try:
        return zipfile.ZipFile(archive)
    except zipfile.BadZipFile as error:
        raise CorruptFileError(
            f"{archive.name} is cut short or damaged ({error}).", "Download the archive again."
        ) from error


def _safe_paths(members: list[zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Map the place of each file to its member; all names are checked before the first byte is written."""
    if len(members) > MAX_MEMBERS:
        raise UnsafeModelError(f"The archive holds {len(members)} files; at most {MAX_MEMBERS} are allowed.", _REMEDY)
    paths: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for member in members:
        # ZipInfo repairs odd names (backslashes, NUL); what the archive really says is in orig_filename.
        path = _checked_path(member.orig_filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UnsafeModelError(f"The archive holds a link or a device: {member.orig_filename!r}.", _REMEDY)
        if member.flag_bits & 1:
            raise UnsupportedFileError("The archive is encrypted.", "Unpack it yourself and install the folder.")
        if member.is_dir() or path.suffix.lower() in CODE_SUFFIXES:
            continue
        if path in paths:
            raise UnsafeModelError(f"The archive holds {member.orig_filename!r} twice.", _REMEDY)
        paths[path] = member
    return paths


def _checked_path(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    escapes = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    if escapes or any(ord(letter) < 32 for letter in name):
        raise UnsafeModelError(f"The archive wants to write outside its folder: {name!r}.", _REMEDY)
    return path


class _Writer:
    """Writes members and counts the bytes that really come out."""

    def __init__(self, bundle: zipfile.ZipFile, target: Path, progress: Callable[[float], None] | None) -> None:
        self._bundle = bundle
        self._target = target
        self._progress = progress
        self._written = 0

    def write(self, paths: dict[PurePosixPath, zipfile.ZipInfo]) -> None:
        for number, (path, member) in enumerate(paths.items(), start=1):
            place = self._target / path
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with self._bundle.open(member) as source, place.open("xb") as sink:
                    self._copy(member, source, sink)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                raise CorruptFileError(
                    f"{member.filename} in the archive is damaged ({error}).", "Download the archive again."
                ) from error
            except OSError as error:
                raise WriteError(f"{place} could not be written: {error.strerror or error}.", MAKE_ROOM) from error
            if self._progress is not None:
                self._progress(number / len(paths))

    def _copy(self, member: zipfile.ZipInfo, source: IO[bytes], sink: IO[bytes]) -> None:
        size = 0
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            self._written += len(chunk)
            bomb = size > RATIO_FREE_BYTES and size > MAX_RATIO * max(member.compress_size, 1)
            if bomb or self._written > MAX_TOTAL_BYTES:
                raise UnsafeModelError(
                    f"The archive grows like a bomb: {member.filename} gives {size} bytes from {member.compress_size}.",
                    _REMEDY,
                )
            sink.write(chunk)


_REMEDY = "Do not use this archive; tell the person who published it."
