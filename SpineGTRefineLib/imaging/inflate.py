"""Decompress a whole gzip file in memory, with its checksums, and with a bound on what it may grow to."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import CorruptFileError

GZIP_MAGIC = b"\x1f\x8b"

MAX_DEFLATE_RATIO = 1032
"""Deflate cannot compress better than this; a header that announces more describes data that are not there."""

MAX_EXTRA_BYTES = 64 << 20
"""How far a stream may go on after the announced end before it is taken for a decompression bomb."""

_STEP_IN = 256 << 10
_STEP_OUT = 4 << 20
_GZIP_WINDOW = 31  # zlib's code for "gzip header and CRC expected and checked"


@dataclass(frozen=True, eq=False)
class Inflated:
    """A decompressed file.

    Parameters
    ----------
    content
        The first bytes of the stream, as many as were asked for.
    extra
        Number of decompressed bytes after them.
    trailing
        Number of bytes in the file after the last gzip member that are no gzip (zero padding not counted).
    """

    content: bytearray
    extra: int
    trailing: int


def peek(raw: bytes, size: int) -> bytes:
    """Return up to ``size`` decompressed bytes from the start of a gzip file, without a check of the rest."""
    start = b""
    for piece in _GzipStream(raw, step=size):
        start += piece
        if len(start) >= size:
            break
    return start[:size]


def inflate(raw: bytes, size: int) -> Inflated:
    """Decompress all members of a gzip file and keep the first ``size`` bytes.

    Raises
    ------
    CorruptFileError
        The stream is cut short, a checksum is wrong, it holds less than ``size`` bytes, or much more.
    """
    content = bytearray(size)
    filled = extra = 0
    stream = _GzipStream(raw)
    for piece in stream:
        kept = min(len(piece), size - filled)
        content[filled : filled + kept] = piece[:kept]
        filled += kept
        extra += len(piece) - kept
        if extra > MAX_EXTRA_BYTES:
            raise CorruptFileError(
                f"The compressed data go on for more than {extra >> 20} MiB after the announced {size} bytes "
                "(a decompression bomb, or a wrong header).",
                "Get the file again from its source.",
            )
    if filled < size:
        raise CorruptFileError(
            f"The header announces {size} bytes, the file holds {filled}.", "Get the file again from its source."
        )
    return Inflated(content, extra, stream.trailing)


class _GzipStream:
    """Iterate over the decompressed pieces of all members; afterwards ``trailing`` tells what follows the last."""

    def __init__(self, raw: bytes, step: int = _STEP_OUT) -> None:
        self._raw = raw
        self._step = step
        self._position = 0

    def __iter__(self) -> Iterator[bytes]:
        while self._raw[self._position : self._position + 2] == GZIP_MAGIC:
            try:
                yield from self._member()
            except zlib.error as error:
                raise _damaged(error) from error

    @property
    def trailing(self) -> int:
        return len(self._raw[self._position :].strip(b"\0"))

    def _member(self) -> Iterator[bytes]:
        engine = zlib.decompressobj(_GZIP_WINDOW)
        view = memoryview(self._raw)
        while not engine.eof:
            fresh = view[self._position : self._position + _STEP_IN]
            if not fresh:
                raise CorruptFileError(
                    "The compressed data end too early (the file was cut short, for example by a broken copy).",
                    "Get the file again from its source.",
                )
            self._position += len(fresh)
            yield engine.decompress(fresh, self._step)
            while engine.unconsumed_tail:
                yield engine.decompress(engine.unconsumed_tail, self._step)
        self._position -= len(engine.unused_data)


def _damaged(error: zlib.error) -> CorruptFileError:
    return CorruptFileError(f"The compressed data are damaged (gzip: {error}).", "Get the file again from its source.")
