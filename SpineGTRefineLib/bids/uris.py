"""BIDS URIs: names of files that stay true when a dataset moves."""

from __future__ import annotations

from pathlib import Path

from ..errors import DatasetError

OUTPUT, RAW = "bids::", "bids:raw:"
"""What stands before a path in the output folder, and before one in the dataset."""


def uri_of(path: Path, root: Path, output: Path) -> str | None:
    """Return the URI of a file: ``bids::`` in the output, ``bids:raw:`` in the dataset, None elsewhere."""
    for prefix, folder in ((OUTPUT, output), (RAW, root)):
        if path.is_relative_to(folder):
            return prefix + path.relative_to(folder).as_posix()
    return None


def path_of(uri: str, root: Path, output: Path) -> Path:
    """Return the file that a URI made by :func:`uri_of` stands for.

    Raises
    ------
    DatasetError
        It is no such URI, or it leads out of its folder.
    """
    for prefix, folder in ((OUTPUT, output), (RAW, root)):
        if uri.startswith(prefix) and ".." not in uri.removeprefix(prefix).split("/"):
            return folder.joinpath(*uri.removeprefix(prefix).split("/"))
    raise DatasetError(f"{uri!r} is no place in this dataset.", "Only files of the dataset have such a place.")
