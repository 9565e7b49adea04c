"""A dataset version: which masks, of which images, in which split; written once and never changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...bids import MaskType, mask_type
from ...bids.jsonfiles import require_json
from ...bids.uris import path_of
from ...errors import CancelledError, ChangedOnDiskError, CorruptFileError, MissingFileError, UsageError
from ...fileops import sha256_of_bytes, sha256_of_file
from .places import CASES, LEFT_OUT, MANIFEST
from .rows import (
    NO_FOLD,
    LeftOut,
    VersionCase,
    cases_table,
    read_cases_table,
    read_left_out_table,
)

FORMAT = 1
"""Layout of the manifest; a reader refuses what is newer than itself."""


@dataclass(frozen=True)
class FileChange:
    """A file of a version that is not what it was."""

    case: str
    path: Path
    what: str


@dataclass(frozen=True, eq=False)
class Version:
    """A dataset version on disk.

    Parameters
    ----------
    folder
        Its folder; the folder's name is the version's.
    manifest
        Content of ``manifest.json``: seed, rules, parent, counts, notes.
    rows
        The cases in it.
    left_out
        The cases that are not, with reasons.
    root, output
        The dataset and the folder of refined masks that the URIs speak about.
    """

    folder: Path
    manifest: Mapping[str, Any]
    rows: tuple[VersionCase, ...]
    left_out: tuple[LeftOut, ...]
    root: Path
    output: Path

    @classmethod
    def open(cls, path: str | Path, dataset: Path | None = None, output: Path | None = None) -> Version:
        """Open a version.

        Parameters
        ----------
        path
            Its folder.
        dataset, output
            Where the dataset and its refined masks are now, if they moved without the version.

        Raises
        ------
        MissingFileError
            There is no version.
        CorruptFileError
            Its tables are not those that were written.
        """
        folder = Path(path)
        if not (folder / MANIFEST).is_file():
            raise MissingFileError(
                f"{folder} holds no dataset version.", "Make one with: spine-gt-refine version build"
            )
        manifest = require_json(folder / MANIFEST)
        if manifest.get("Format") != FORMAT:
            raise CorruptFileError(f"{folder / MANIFEST}: this program reads format {FORMAT}.", "Use a newer release.")
        tables = {name: _whole(folder / name, manifest.get("Files", {})) for name in (CASES, LEFT_OUT)}
        return cls(
            folder,
            manifest,
            read_cases_table(tables[CASES]),
            read_left_out_table(tables[LEFT_OUT]),
            dataset or _from(folder, manifest["Dataset"]),
            output or _from(folder, manifest["Output"]),
        )

    @property
    def name(self) -> str:
        """``D1``, ``D2`` ..."""
        return self.folder.name

    @property
    def mask_type(self) -> MaskType:
        """The kind of mask."""
        return mask_type(self.manifest["MaskType"])

    @cached_property
    def sha256(self) -> str:
        """Identity: equal for equal cases, files and splits, whatever the name."""
        return sha256_of_bytes(cases_table(self.rows).encode())

    @property
    def test_sha256(self) -> str:
        """Identity of the test set; scores on two versions compare only where it is the same."""
        return identity_of_test_set(self.rows)

    @property
    def folds(self) -> tuple[int, ...]:
        """Numbers of the folds, ascending."""
        return tuple(sorted({row.fold for row in self.rows} - {NO_FOLD}))

    def cases(self, split: str | None = None) -> tuple[VersionCase, ...]:
        """Return the cases of ``train`` or ``test``, or all of them.

        Raises
        ------
        UsageError
            There is no such split.
        """
        if split not in (None, "train", "test"):
            raise UsageError(f"There is no split {split!r}.", "Choose train or test.")
        return tuple(row for row in self.rows if split in (None, row.split))

    def fold(self, number: int) -> tuple[tuple[VersionCase, ...], tuple[VersionCase, ...]]:
        """Return the cases that a fold trains on, and those that it validates on.

        Raises
        ------
        UsageError
            There is no such fold.
        """
        if number not in self.folds:
            known = ", ".join(str(fold) for fold in self.folds) or "none"
            raise UsageError(f"{self.name} has no fold {number}.", f"Its folds: {known}.")
        train = self.cases("train")
        return tuple(row for row in train if row.fold != number), tuple(row for row in train if row.fold == number)

    def path_of(self, uri: str) -> Path:
        """Return the file that a case's ``image`` or ``mask`` stands for."""
        return path_of(uri, self.root, self.output)

    def changes(
        self,
        progress: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
        *,
        split: str | None = None,
    ) -> tuple[FileChange, ...]:
        """Compare every file (of one split, or of all) with its hash; what is missing or different comes back.

        Raises
        ------
        CancelledError
            ``cancel`` returned True.
        """
        found = []
        for row in self.cases(split):
            if cancel is not None and cancel():
                raise CancelledError("The comparison was stopped.")
            if progress is not None:
                progress(row.case)
            for uri, expected in ((row.image, row.image_sha256), (row.mask, row.mask_sha256)):
                path = self.path_of(uri)
                if not path.is_file():
                    found.append(FileChange(row.case, path, "missing"))
                elif sha256_of_file(path) != expected:
                    found.append(FileChange(row.case, path, "changed"))
        return tuple(found)

    def verify(
        self,
        progress: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
        *,
        split: str | None = None,
    ) -> None:
        """Make sure that the files (of one split, or all) are those of the version.

        Raises
        ------
        ChangedOnDiskError
            They are not: the version changed under it.
        """
        found = self.changes(progress, cancel, split=split)
        if found:
            first = found[0]
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            raise ChangedOnDiskError(
                f"{self.name} is no longer what it was: {first.path.name} is {first.what}{more}.",
                "Build a new version from the masks as they are now, or bring the old ones back (history restore).",
            )


def identity_of_test_set(rows: Iterable[VersionCase]) -> str:
    """Return the identity of a test set: images and masks, in any order."""
    lines = sorted(f"{row.image_content} {row.mask_sha256}" for row in rows if row.split == "test")
    return sha256_of_bytes("\n".join(lines).encode())


def _whole(path: Path, hashes: Mapping[str, str]) -> str:
    if not path.is_file():
        raise CorruptFileError(f"{path} is missing.", "A version is never changed: build a new one.")
    data = path.read_bytes()
    if sha256_of_bytes(data) != hashes.get(path.name):
        raise CorruptFileError(f"{path} was changed by hand.", "A version is never changed: build a new one.")
    return data.decode("utf-8")


def _from(folder: Path, stored: str) -> Path:
    return Path(os.path.normpath(folder.resolve() / stored))
