"""The walk over a dataset's folders: fast, never following a link in circles, never stopped by one bad name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .names import NIFTI_EXTENSIONS, ParsedName, is_valid_id, parse_name

IMAGE_FOLDERS = ("anat", "")
"""Datatype folders whose images become cases; "" stands for images directly in the subject's or session's folder."""


@dataclass(frozen=True)
class Note:
    """Something worth saying about a dataset.

    Parameters
    ----------
    rule
        Short stable name, for example ``duplicate-subject``.
    severity
        ``error``: what it concerns is left out of the cases. ``warning`` and ``info``: it is not.
    message, remedy
        What was found, and what to do about it.
    path
        Where, relative to the dataset; unusual characters are escaped.
    """

    rule: str
    severity: Literal["error", "warning", "info"]
    message: str
    remedy: str = ""
    path: str = ""


@dataclass(frozen=True)
class FoundFile:
    """A NIfTI file with a readable name in the folder of a subject."""

    path: Path
    parsed: ParsedName
    subject: str
    session: str | None
    datatype: str


class Walk:
    """Collects the NIfTI files under a folder that holds ``sub-*`` folders.

    Parameters
    ----------
    root
        The dataset or the folder of one pipeline.
    notes
        Where findings go.
    only_subject
        Look at this subject alone.
    """

    def __init__(self, root: Path, notes: list[Note], only_subject: str | None = None) -> None:
        self.root = root
        self.notes = notes
        self.only_subject = only_subject

    def subjects(self) -> list[str]:
        """Ids of all subjects that have a folder, sorted; folders with unusable names are noted and left out."""
        subjects = []
        for entry in self._entries(self.root):
            if not entry.name.startswith("sub-") or not entry.is_dir():
                continue
            subject = entry.name.removeprefix("sub-")
            if not is_valid_id(subject):
                self._note_bad_name(entry.path)
            elif self.only_subject in (None, subject):
                subjects.append(subject)
        return subjects

    def files(self, subject: str, datatypes: tuple[str, ...] | None = None) -> Iterator[FoundFile]:
        """Yield the NIfTI files of one subject, in order of their names, all sessions.

        Parameters
        ----------
        subject
            Id without ``sub-``.
        datatypes
            Folders to look into; None for all.
        """
        yield from self._folder(self.root / f"sub-{subject}", subject, None, datatypes)

    def _folder(
        self, folder: Path, subject: str, session: str | None, datatypes: tuple[str, ...] | None
    ) -> Iterator[FoundFile]:
        for entry in self._entries(folder):
            if entry.name.endswith(NIFTI_EXTENSIONS):
                if datatypes is None or "" in datatypes:
                    yield from self._file(folder, entry, subject, session, "")
            elif session is None and entry.name.startswith("ses-"):
                session_id = entry.name.removeprefix("ses-")
                if is_valid_id(session_id):
                    yield from self._folder(folder / entry.name, subject, session_id, datatypes)
                else:
                    self._note_bad_name(entry.path)
            elif (datatypes is None or entry.name in datatypes) and "." not in entry.name:
                place = folder / entry.name
                for child in self._entries(place):
                    if child.name.endswith(NIFTI_EXTENSIONS):
                        yield from self._file(place, child, subject, session, entry.name)

    def _file(
        self, place: Path, entry: os.DirEntry[str], subject: str, session: str | None, datatype: str
    ) -> Iterator[FoundFile]:
        parsed = parse_name(entry.name)
        if parsed is None:
            self._note_bad_name(entry.path)
            return
        entities = parsed.entities
        if entities.get("sub", subject) != subject or entities.get("ses", session) != session:
            self.note(
                "misplaced-file",
                "error",
                f"{entry.name} lies in the folder of sub-{subject}{f', ses-{session}' if session else ''}.",
                "Rename the file, or move it to where it belongs.",
                entry.path,
            )
            return
        yield FoundFile(place / entry.name, parsed, subject, session, datatype)

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except NotADirectoryError:
            return []
        except OSError as error:
            self.note("unreadable-folder", "error", f"A folder cannot be read: {error.strerror}.", "", str(folder))
            return []

    def _note_bad_name(self, path: str) -> None:
        self.note(
            "bad-name",
            "error",
            "The name holds characters that BIDS does not allow; the file or folder is left out.",
            "Rename it: ids are made of letters, digits and plus signs.",
            path,
        )

    def note(
        self, rule: str, severity: Literal["error", "warning", "info"], message: str, remedy: str, path: str
    ) -> None:
        """Record a finding; ``path`` is stored relative to the root and escaped, so that no name can break a line."""
        relative = os.path.relpath(path, self.root)
        self.notes.append(Note(rule, severity, _printable(message), remedy, _printable(relative)))


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]
