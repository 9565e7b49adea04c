"""What client and worker say to each other: one JSON object a line, each with a ``type``.

====================  =========================================================================================
from the client       ``run`` (id, job, priority), ``cancel`` (id), ``status``, ``unload``, ``shutdown``
from the worker       ``hello`` (protocol, version, library, pid, python), ``started`` (id), ``progress`` (id, stage,
                      fraction, tile, tiles, eta_s, detail), ``computed`` (id: the device is free), ``log`` (text),
                      ``result`` (id, result), ``error`` (id, kind, cause, remedy, exit_code, trace), ``status``
                      (fields of the handler, jobs)
====================  =========================================================================================
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import WorkerError

PROTOCOL = 1
"""Raised when a message changes its meaning; client and worker must agree."""

Message = dict[str, Any]


class ProtocolError(WorkerError):
    """A line that is no message, or a worker of another version."""

    exit_code = 56


def encode(kind: str, /, **fields: Any) -> str:
    """Return one message as a line (without its end)."""
    return json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))


def decode(line: str) -> Message:
    """Return the message of a line.

    Raises
    ------
    ProtocolError
        The line is no JSON object with a ``type``: something else wrote to the channel.
    """
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError(f"The worker wrote a line that is no message: {line[:80]!r}.", "It is ignored.")
    return message


@cache
def library_fingerprint() -> str:
    """SHA-256 over the names and contents of this library's source files.

    The worker imports the caller's own folder; equal fingerprints prove that it did.
    """
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()
