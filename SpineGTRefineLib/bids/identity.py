"""Who and when, without telling more than needed: hosts as a short hash, raters as they typed it, time in UTC."""

from __future__ import annotations

import hashlib
import re
import socket
from datetime import UTC, datetime

NOBODY = "unnamed"
"""Stands in file names for a rater who typed nothing (and for pipelines)."""


def host_id() -> str:
    """Return eight digits that are the same for every process on this machine and do not tell its name."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def file_id(text: str) -> str:
    """Return ``text`` as part of a file name, different for different texts, on every file system."""
    safe = re.sub(r"[^0-9A-Za-z]+", "-", text).strip("-")[:40]
    if safe == text and text == text.lower():
        return safe or NOBODY
    return f"{safe or 'rater'}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def timestamp() -> str:
    """Return the current time in UTC, for example ``2026-03-01T09:30:00.123456Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local_date(stamp: str) -> str:
    """Return a time stamp in the form that manual-correction writes (``YYYY-MM-DD HH:MM:SS``, here in UTC)."""
    return stamp[:19].replace("T", " ")
