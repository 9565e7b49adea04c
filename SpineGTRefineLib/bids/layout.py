"""Where things lie: the output folder, the state that is not BIDS, and the guard in front of every write."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..errors import DatasetError, UsageError
from ..userfolders import user_state_folder
from .jsonfiles import read_json

PIPELINE = "spine-gt-refine"
"""Name of the output folder under ``derivatives`` and of the generator in its description."""

STATE_FOLDER = ".spine-gt-refine"
"""Folder in the output for what is not BIDS; the validator ignores names that start with a dot."""


def default_output(root: Path) -> Path:
    """Return the output folder of a dataset where none was asked for."""
    return root / "derivatives" / PIPELINE


def check_output(root: Path, output: Path) -> None:
    """Refuse an output folder in which we could change files of others.

    Raises
    ------
    UsageError
        The folder is the dataset itself, lies among its images, or belongs to another pipeline or dataset.
    """
    real_root, real_output = root.resolve(), output.resolve()
    if real_root.is_relative_to(real_output):
        raise UsageError(
            f"The output folder {output} is the dataset, or a folder above it; raw data are never written.",
            "Leave --output out, or choose a folder of its own.",
        )
    if real_output.is_relative_to(real_root):
        parts = real_output.relative_to(real_root).parts
        if parts[0] != "derivatives" or len(parts) < 2:
            raise UsageError(
                f"The output folder {output} lies among the raw data, which are never written.",
                f"Inside a dataset use derivatives/{PIPELINE}, or choose a folder elsewhere.",
            )
    if _belongs_to_others(output):
        raise UsageError(
            f"The output folder {output} holds the files of another dataset or pipeline.",
            "Choose an empty or new folder with --output.",
        )


def check_inside(folder: Path, path: Path) -> None:
    """Refuse to write a file whose real place is not inside ``folder`` (a link leads out, or a name climbs out).

    Raises
    ------
    DatasetError
        The file would land elsewhere.
    """
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(
            f"{path} would be written outside {folder}: a folder on the way is a link.",
            "Replace the link by a folder, or choose another place with --output.",
        )


def state_folder(output: Path, *parts: str) -> Path:
    """Return a folder of the state kept beside the output: ``events``, ``locks``, ``history`` or ``drafts``."""
    return output.joinpath(STATE_FOLDER, *parts)


def sidecar_path(mask: Path) -> Path:
    """Return the place of a mask's sidecar."""
    return mask.with_name(mask.name.removesuffix(".gz").removesuffix(".nii") + ".json")


def drafts_folder(output: Path) -> Path:
    """Return where unsaved edits are kept: beside the output, or in the user's own folder where it is read-only."""
    return state_folder(output, "drafts") if _is_writable(output) else user_drafts_folder(output)


def user_drafts_folder(output: Path) -> Path:
    """Return where unsaved edits are kept that the output has no room for."""
    identity = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]
    return user_state_folder("drafts", identity)


def _is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or in the first one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


def _belongs_to_others(output: Path) -> bool:
    if state_folder(output).is_dir():
        return False
    description = output / "dataset_description.json"
    if description.is_file():
        return not names_this_pipeline(read_json(description).content)
    if output.name == PIPELINE or not output.is_dir():
        return False
    return any(child.name.startswith("sub-") for child in output.iterdir())


def names_this_pipeline(description: dict[str, object]) -> bool:
    """Whether a ``dataset_description.json`` says that this project generated the dataset."""
    generators = description.get("GeneratedBy")
    entries = generators if isinstance(generators, list) else [generators]
    return any(isinstance(entry, dict) and entry.get("Name") == PIPELINE for entry in entries)
