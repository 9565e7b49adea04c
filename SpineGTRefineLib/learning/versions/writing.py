"""Write a version so that it is there as a whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...bids.jsonfiles import json_text
from ...errors import WriteError
from ...fileops import remedy_for, sha256_of_bytes, write_text_atomic
from .places import CASES, LEFT_OUT, MANIFEST
from .rows import LeftOut, VersionCase, cases_table, left_out_table
from .version import FORMAT, Version, identity_of_test_set


def write_version(
    unfinished: Path,
    target: Path,
    facts: Mapping[str, Any],
    rows: Iterable[VersionCase],
    left_out: Iterable[LeftOut],
    places: tuple[Path, Path],
) -> Version:
    """Write a version's files in the folder ``unfinished``, then give it its name in one step.

    ``places`` are the dataset and its output; they are noted as they lie from the version, so that all move together.
    """
    rows, left_out = tuple(rows), tuple(left_out)
    tables = {CASES: cases_table(rows), LEFT_OUT: left_out_table(left_out)}
    root, output = places
    manifest = {
        "Format": FORMAT,
        **facts,
        "Dataset": _relative(root, target),
        "Output": _relative(output, target),
        "TestSetSHA256": identity_of_test_set(rows),
        "Files": {name: sha256_of_bytes(text.encode()) for name, text in tables.items()},
    }
    for name, text in tables.items():
        write_text_atomic(unfinished / name, text)
    write_text_atomic(unfinished / MANIFEST, json_text(manifest))
    try:
        unfinished.rename(target)
    except OSError as error:
        raise WriteError(f"{target} could not be made: {error.strerror}.", remedy_for(error)) from error
    return Version(target, manifest, tuple(sorted(rows, key=lambda row: row.case)), left_out, root, output)


def _relative(path: Path, folder: Path) -> str:
    path, folder = path.resolve(), folder.parent.resolve() / folder.name
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()
