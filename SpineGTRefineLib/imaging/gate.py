"""The gate that every NIfTI file passes before anything else sees it.

ITK fills a file that was cut short with zeros, and accepts a wrong checksum, without a word; nibabel hands out shapes
with negative numbers. So the bytes are checked here first: whole gzip stream and CRC, header against length, sizes
before memory is asked for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header

from ..errors import CorruptFileError, InputError, MissingFileError, NotFetchedError, UnsupportedFileError
from ..fileops import sha256_of_bytes
from .inflate import GZIP_MAGIC, MAX_DEFLATE_RATIO, inflate, peek

MAX_VOLUME_BYTES = 8 << 30
"""Largest volume that is read, uncompressed."""

BOMB_RATIO = 500
"""A gzip file that claims to grow more than this is refused if the result is also larger than BOMB_BYTES."""

BOMB_BYTES = 1 << 30
"""An empty mask compresses a thousandfold; only a large result makes that suspicious."""

ANNEX_POINTER = b"/annex/objects/"
"""What git-annex leaves in place of a file whose content is elsewhere, where it uses no links (unlocked, Windows)."""

_HEADER_BYTES = 348
_DATA_START = 352
_NIFTI2_HEADER_BYTES = 540
_READABLE_TYPES = frozenset(
    ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]
)
_CONVERT = "Convert it to NIfTI-1 (.nii or .nii.gz) first."
_FETCH_AGAIN = "Get the file again from its source."


@dataclass(frozen=True, eq=False)
class StoredVolume:
    """A file that passed the gate.

    Parameters
    ----------
    path
        The file as the user named it.
    sha256
        Hash of the file's bytes.
    header
        The file's own header, unchanged.
    voxels
        Numbers as stored (scaling not applied), axes i, j, k.
    notes
        What was odd but not wrong.
    """

    path: Path
    sha256: str
    header: Nifti1Header
    voxels: np.ndarray
    notes: tuple[str, ...]


def read_stored(path: Path, frame: int | None = None) -> StoredVolume:
    """Read and check a NIfTI-1 file; the file is read once, its hash is that of the very bytes that were decoded.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``; links are followed.
    frame
        Which frame of a 4-D file to take, from 0. A file with one frame needs none.

    Raises
    ------
    MissingFileError, NotFetchedError
        No such file, or a git-annex link without its content.
    CorruptFileError
        The file is damaged.
    UnsupportedFileError
        The file is whole, but not something that can be a mask or a scalar image.
    """
    with naming(path):
        raw = _read_bytes(path)
        notes: list[str] = []
        compressed = raw[:2] == GZIP_MAGIC
        if compressed != path.name.endswith(".gz"):
            notes.append("compressed although named .nii" if compressed else "not compressed although named .gz")
        header = _parse_header(peek(raw, _HEADER_BYTES) if compressed else raw[:_HEADER_BYTES])
        shape, dtype, start = _layout(header)
        size = start + prod(shape) * dtype.itemsize
        _refuse_impossible_size(size, len(raw), compressed=compressed)
        content = _content(raw, size, notes, compressed=compressed)
        voxels = np.frombuffer(content, dtype, prod(shape), start).reshape(shape, order="F")
        return StoredVolume(path, sha256_of_bytes(raw), header, _one_frame(voxels, frame, notes), tuple(notes))


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of the cause of any input error raised inside."""
    try:
        yield
    except InputError as error:
        if str(path) in error.cause:
            raise
        raise type(error)(f"{path}: {error.cause}", error.remedy) from error


def _read_bytes(path: Path) -> bytes:
    if not path.name.endswith((".nii", ".nii.gz")):
        raise UnsupportedFileError("Only .nii and .nii.gz files are read.", _CONVERT)
    try:
        _refuse_by_kind_and_size(path.stat())
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        raise InputError(f"The file cannot be read: {error.strerror or error}.", "Check its permissions.") from error
    if not raw:
        raise CorruptFileError("The file is empty (0 bytes).", _FETCH_AGAIN)
    if raw.startswith(ANNEX_POINTER):
        raise _not_fetched(path)
    return raw


def _refuse_by_kind_and_size(info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise UnsupportedFileError("This is not a regular file.", "Give the path of a NIfTI file.")
    if info.st_size > MAX_VOLUME_BYTES:
        raise UnsupportedFileError(f"The file is larger than {MAX_VOLUME_BYTES >> 30} GiB.", "Crop or split it first.")


def _missing(path: Path) -> MissingFileError:
    return _not_fetched(path) if path.is_symlink() else MissingFileError("There is no such file.", "Check the path.")


def _not_fetched(path: Path) -> NotFetchedError:
    return NotFetchedError(
        "The content of this file is not on this machine (git-annex).",
        f"Run: datalad get {path.name} (or git annex get).",
    )


def _parse_header(block: bytes) -> Nifti1Header:
    declared = {"<": int.from_bytes(block[:4], "little"), ">": int.from_bytes(block[:4], "big")}
    if _NIFTI2_HEADER_BYTES in declared.values():
        raise UnsupportedFileError("NIfTI-2 files are not read.", _CONVERT)
    endianness = next((sign for sign, size in declared.items() if size == _HEADER_BYTES), None)
    if len(block) < (_HEADER_BYTES if endianness else 4):
        raise CorruptFileError(f"The file ends inside its header (after {len(block)} bytes).", _FETCH_AGAIN)
    if endianness is None:
        raise UnsupportedFileError("The content is not NIfTI.", _CONVERT)
    if block[344:348] != b"n+1\0":
        raise UnsupportedFileError("This is a header/image pair or ANALYZE 7.5, not a single NIfTI-1 file.", _CONVERT)
    return Nifti1Header(block, endianness=endianness, check=False)


def _layout(header: Nifti1Header) -> tuple[tuple[int, ...], np.dtype, int]:
    """Shape (three axes or more), type and first byte of the voxels, all checked."""
    dim = header["dim"].tolist()
    axes = dim[0]
    if not 1 <= axes <= 7 or min(dim[1 : axes + 1]) < 1:
        raise CorruptFileError(f"The header's dimensions make no sense: {dim}.", _FETCH_AGAIN)
    shape = tuple(dim[1 : axes + 1]) + (1,) * (3 - axes)
    start = float(header["vox_offset"])
    if not start.is_integer() or not _DATA_START <= start <= MAX_VOLUME_BYTES:
        raise CorruptFileError(f"The header places the voxels at byte {start}.", _FETCH_AGAIN)
    return shape, _stored_type(header), int(start)


def _stored_type(header: Nifti1Header) -> np.dtype:
    code = int(header["datatype"])
    try:
        dtype: np.dtype = np.dtype(header.get_data_dtype())
    except KeyError as error:
        raise UnsupportedFileError(f"The data type code {code} is unknown.", _CONVERT) from error
    if dtype.name not in _READABLE_TYPES:
        raise UnsupportedFileError(
            f"Voxels of type {code} ({dtype}) are neither an image of one channel nor a mask.",
            "Save it with one real number per voxel first.",
        )
    return dtype


def _refuse_impossible_size(size: int, file_size: int, *, compressed: bool) -> None:
    """Compare what the header announces with what the file can hold, before any memory is asked for."""
    if size > file_size * (MAX_DEFLATE_RATIO if compressed else 1):
        raise CorruptFileError(
            f"The header announces {size} bytes; a file of {file_size} bytes cannot hold them.", _FETCH_AGAIN
        )
    if size > MAX_VOLUME_BYTES:
        raise UnsupportedFileError(
            f"The volume needs {size >> 30} GiB, more than the {MAX_VOLUME_BYTES >> 30} GiB that are read.",
            "Crop or downsample it first.",
        )
    if compressed and size > BOMB_BYTES and size > BOMB_RATIO * file_size:
        raise CorruptFileError(
            f"The file would grow {size // file_size} times to {size >> 20} MiB (a decompression bomb).", _FETCH_AGAIN
        )


def _content(raw: bytes, size: int, notes: list[str], *, compressed: bool) -> bytes | bytearray:
    if not compressed:
        if len(raw) > size:
            notes.append(f"{len(raw) - size} bytes after the voxels are ignored")
        return raw
    inflated = inflate(raw, size)
    if inflated.extra:
        notes.append(f"{inflated.extra} bytes after the voxels are ignored")
    if inflated.trailing:
        notes.append(f"{inflated.trailing} bytes of garbage after the gzip stream are ignored")
    return inflated.content


def _one_frame(voxels: np.ndarray, frame: int | None, notes: list[str]) -> np.ndarray:
    frames = prod(voxels.shape[3:])
    if frame is not None and not 0 <= frame < frames:
        raise UnsupportedFileError(f"There is no frame {frame}: the file has {frames}.", "Frames count from 0.")
    if frames > 1 and frame is None:
        raise UnsupportedFileError(
            f"The file holds {frames} volumes (shape {voxels.shape}); one is expected.",
            "Save the one volume that is meant as a file of its own (in Python: frame=0).",
        )
    if frames > 1:
        notes.append(f"frame {frame} of {frames} was taken")
    elif voxels.ndim > 3:
        notes.append(f"the shape {voxels.shape} was read as one volume")
    return voxels.reshape((*voxels.shape[:3], frames), order="F")[..., frame or 0]
