"""Files kept by git-annex: links to read-only content that may not be on this machine."""

from __future__ import annotations

from pathlib import Path

from ..errors import MissingFileError, NotFetchedError

_POINTER_START = b"/annex/objects/"
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
            return not stream.read(len(_POINTER_START)).startswith(_POINTER_START)
    except OSError:
        return False


def require_fetched(path: Path) -> None:
    """Do nothing if the content of ``path`` is here.

    Raises
    ------
    NotFetchedError
        The file is known to git-annex, its content is elsewhere.
    MissingFileError
        There is no such file.
    """
    if is_fetched(path):
        return
    if path.is_symlink() or path.exists():
        raise NotFetchedError(
            f"The content of {path.name} is not on this machine (git-annex).",
            f"Fetch it with: datalad get {path.name}   (or: git annex get {path.name})",
        )
    raise MissingFileError(f"{path} does not exist.", "Check the path, or open the dataset again.")
