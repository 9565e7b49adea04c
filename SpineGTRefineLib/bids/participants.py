"""``participants.tsv``, compared with the folders that exist. Ids from the file are never used as paths."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

from .names import is_valid_id
from .scan import Note


def participants_notes(root: Path, subjects: Collection[str]) -> list[Note]:
    """Compare the participants' table with the subjects' folders.

    Returns
    -------
    list of Note
        Ids that are no ids, participants without a folder, folders without a participant. Empty without a table.
    """
    table = root / "participants.tsv"
    try:
        with table.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
            ids = [row.get("participant_id") or "" for row in csv.DictReader(stream, delimiter="\t")]
    except FileNotFoundError:
        return []
    except (OSError, csv.Error) as error:
        return [Note("bad-participants", "warning", f"participants.tsv cannot be read: {error}.", "Repair the table.")]
    return list(_compare([text.strip() for text in ids], subjects))


def _compare(ids: list[str], subjects: Collection[str]) -> list[Note]:
    notes = []
    bad = [text for text in ids if not (text.startswith("sub-") and is_valid_id(text.removeprefix("sub-")))]
    if bad:
        message = f"participants.tsv: {len(bad)} entries are no ids, the first is {bad[0][:80]!a}; they are ignored."
        notes.append(Note("bad-participant-id", "error", message, "Ids are sub- and letters, digits or plus signs."))
    listed = {text.removeprefix("sub-") for text in ids} - {text.removeprefix("sub-") for text in bad}
    for rule, missing, what in (
        ("participant-without-folder", listed - set(subjects), "are listed in participants.tsv but have no folder"),
        ("folder-without-participant", set(subjects) - listed, "have a folder but are not listed in participants.tsv"),
    ):
        if missing:
            first = f"sub-{min(missing)}"
            notes.append(Note(rule, "info", f"{len(missing)} subjects {what}, the first is {first}."))
    return notes
