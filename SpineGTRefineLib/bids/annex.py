"""Files kept by git-annex: links to read-only content that may not be on this machine."""

from __future__ import annotations

from pathlib import Path

from ..imaging.gate import ANNEX_POINTER

_POINTER_MAX_BYTES = 32768


def is_fetched(path: Path) -> bool:
    """Whether the content of a file is on this machine.

    False for a link that leads nowhere and for the small text file that git-annex leaves where it cannot use links
    (unlocked files, Windows).
    """
    try:
        if path.stat().st_size > _POINTER_MAX_BYTES:
            return True
        with path.open("rb") as stream:
            return not stream.read(len(ANNEX_POINTER)).startswith(ANNEX_POINTER)
    except OSError:
        return False
