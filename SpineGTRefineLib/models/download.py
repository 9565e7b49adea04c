"""Download one file over https: only when asked, with progress, cancel and resume."""

from __future__ import annotations

import ipaddress
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO, Protocol

from ..errors import CancelledError, DownloadError, UsageError, WriteError
from .installed import MAKE_ROOM

TIMEOUT_S = 60
"""Seconds without a byte until a download counts as broken."""

MAX_BYTES = 16 * 2**30
"""Largest file that is fetched."""

_CHUNK = 2**18

_TOO_LARGE = "No model is that large: check the address, and ask its publisher."

_AGAIN = "Run the same command again: it goes on where it stopped."


class Response(Protocol):
    """What an opener returns: the parts of :class:`http.client.HTTPResponse` that are used here."""

    status: int
    headers: Mapping[str, str]

    def read(self, amount: int, /) -> bytes:
        """Return up to ``amount`` bytes, none at the end."""
        ...

    def close(self) -> None:
        """Release the connection."""
        ...


Opener = Callable[[str, dict[str, str]], Response]
"""Opens an address with request headers; replaced in tests."""

Progress = Callable[[float, str], None]
"""Called with the part that is done (0 to 1) and a short text."""


def download(
    url: str,
    target: Path,
    *,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
    opener: Opener | None = None,
) -> None:
    """Fetch ``url`` to ``target``.

    While it runs the bytes lie in ``target`` + ``.part``; a later call goes on from there if the server still has the
    same file.

    Raises
    ------
    UsageError
        The address is not https, or points into the local network.
    DownloadError
        The server refused, the connection broke, or fewer bytes came than were announced.
    CancelledError
        ``cancel`` said so. The part that came is kept.
    WriteError
        The disk is full or read-only.
    """
    check_url(url)
    part = _Part(target)
    try:
        response = (opener or _open)(url, part.request_headers())
        try:
            total = part.begin(response)
            _receive(response, part, total, progress, cancel)
        finally:
            response.close()
    except urllib.error.HTTPError as error:
        if error.code == 416:  # The part on disk is not a part of what the server has now.
            part.forget()
        raise DownloadError(f"{_host(url)} answered {error.code} ({error.reason}).", _AGAIN) from error
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise DownloadError(f"The connection to {_host(url)} broke: {error}.", _AGAIN) from error
    part.finish()


def check_url(url: str) -> None:
    """Refuse addresses that are not https, carry a password, or point at this machine or its network.

    Raises
    ------
    UsageError
        With the reason.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise UsageError(
            f"Models are downloaded over https only; got {url!r}.",
            "Download the file yourself and install it from the disk.",
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError("The address holds a user name or a password.", "Download the file yourself and install it.")
    host = parts.hostname.rstrip(".")
    try:
        local = not ipaddress.ip_address(host).is_global
    except ValueError:
        local = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    if local:
        raise UsageError(
            f"{host} is inside the local network.", "Download the file yourself and install it from the disk."
        )


class _Part:
    """The unfinished file on disk and the tag that tells whether the server still has the same one."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._data = target.with_name(target.name + ".part")
        self._tag = target.with_name(target.name + ".part.tag")

    @property
    def size(self) -> int:
        return self._data.stat().st_size if self._data.exists() else 0

    def request_headers(self) -> dict[str, str]:
        headers = {"User-Agent": "spine-gt-refine", "Accept-Encoding": "identity"}
        # Without a tag the rest of another file could be glued on: then start anew.
        if self.size and self._tag.exists():
            headers["Range"] = f"bytes={self.size}-"
            headers["If-Range"] = self._tag.read_text(encoding="ascii")
        return headers

    def begin(self, response: Response) -> int | None:
        """Keep or drop what is on disk according to the answer; return the full size if the server tells it."""
        length = response.headers.get("Content-Length")
        rest = int(length) if length and length.isdigit() else None
        with self.writing():
            self._target.parent.mkdir(parents=True, exist_ok=True)
        resumed = response.status == 206 and (response.headers.get("Content-Range") or "").startswith(
            f"bytes {self.size}-"
        )
        if not resumed:
            self.forget()
            tag = response.headers.get("ETag")
            if tag and not tag.startswith("W/") and tag.isascii():
                with self.writing():
                    self._tag.write_text(tag, encoding="ascii")
        total = None if rest is None else self.size + rest
        if total is not None and total > MAX_BYTES:
            raise DownloadError(f"The file has {total} bytes; at most {MAX_BYTES} are fetched.", _TOO_LARGE)
        return total

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say what to do where the system refuses to write."""
        try:
            yield
        except OSError as error:
            raise WriteError(
                f"The download could not be written to {self._target.parent}: {error.strerror or error}.",
                MAKE_ROOM,
            ) from error

    def open(self) -> IO[bytes]:
        with self.writing():
            # Unbuffered: what a full disk refuses is not tried once more when the file is closed.
            return self._data.open("ab", buffering=0)

    def append(self, sink: IO[bytes], chunk: bytes) -> None:
        with self.writing():
            while chunk:
                chunk = chunk[sink.write(chunk) :]

    def forget(self) -> None:
        self._data.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)

    def finish(self) -> None:
        with self.writing():
            self._data.replace(self._target)
            self._tag.unlink(missing_ok=True)


def _receive(
    response: Response,
    part: _Part,
    total: int | None,
    progress: Progress | None,
    cancel: Callable[[], bool] | None,
) -> None:
    done = part.size
    with part.open() as sink:
        while chunk := response.read(_CHUNK):
            done += len(chunk)
            if done > MAX_BYTES:
                raise DownloadError(f"The server sends more than {MAX_BYTES} bytes.", _TOO_LARGE)
            part.append(sink, chunk)
            if progress is not None:
                progress(done / total if total else 0.0, f"{done / 2**20:.0f} MB")
            if cancel is not None and cancel():
                raise CancelledError("The download was stopped.", _AGAIN)
    if total is not None and done != total:
        raise DownloadError(f"Only {done} of {total} bytes came.", _AGAIN)


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects (GitHub's releases need one) to addresses that pass the same check."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        check_url(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, headers: dict[str, str]) -> Response:
    request = urllib.request.Request(url, headers=headers)
    response: Response = urllib.request.build_opener(_HttpsOnly).open(request, timeout=TIMEOUT_S)
    return response


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or "the server"
