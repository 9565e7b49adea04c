"""Bring a model's files in: find the trained network, take what inference needs, check it.

All of this happens in a corner of the store; nothing gets its final name before it is complete and checked.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import MissingDependencyError, ModelError, UsageError, WriteError
from ..fileops import write_text_atomic
from .checkpoint import load_checkpoint
from .folder import ResultsFolder, find_results_folders, read_results_folder
from .installed import MAKE_ROOM, InstalledModel, Origin, read_record, write_record
from .registry import ModelEntry

NAMED_AT_MOST = 5
"""Folders that a message names."""

_IN_USE = "Close programs that use the model, and try again."


class Incoming:
    """A temporary folder inside the store, so that the last step is a rename on the same disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f".incoming-{uuid.uuid4().hex}"

    def __enter__(self) -> Path:
        try:
            self._path.mkdir(parents=True)
        except OSError as error:
            raise WriteError(f"{self._path.parent} cannot be written: {error.strerror or error}.", MAKE_ROOM) from error
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


def only_results_folder(root: Path, configuration: str | None) -> ResultsFolder:
    """Return the one trained network below ``root``.

    Parameters
    ----------
    root
        A results folder, or a folder that holds one or more.
    configuration
        Which to take, for example ``3d_fullres``; None where there is only one.

    Raises
    ------
    ModelError
        There is none.
    UsageError
        There are several.
    """
    found = find_results_folders(root)
    if not found:
        raise ModelError(
            "No trained nnU-Net was found: a folder with plans.json, dataset.json and fold_*.",
            "Give the folder that nnU-Net's training wrote, or a zip archive of it.",
        )
    chosen = [path for path in found if configuration is None or path.name.endswith(f"__{configuration}")]
    if len(chosen) == 1:
        return read_results_folder(chosen[0])
    names = _first_ones(root, chosen or found)
    if not chosen:
        raise UsageError(f"None has the configuration {configuration!r}: {names}.", "Choose one of these.")
    raise UsageError(
        f"There are {len(chosen)} trained models: {names}.", "Choose one with --configuration, or its folder."
    )


def _first_ones(root: Path, folders: Sequence[Path]) -> str:
    """Name some folders below ``root``, so that one of them can be chosen."""
    names = [path.name if path == root else path.relative_to(root).as_posix() for path in folders[:NAMED_AT_MOST]]
    more = len(folders) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def take_results(folder: ResultsFolder, entry: ModelEntry, target: Path) -> Path:
    """Copy what inference needs, checkpoints checked, and nothing else (no trainer_class.py, no training logs)."""
    checkpoints = folder.checkpoints(entry.checkpoints, entry.folds).values()
    for path in checkpoints:
        _check_checkpoint(path)
    for path in (folder.path / "dataset.json", folder.path / "plans.json", *checkpoints):
        place = target / path.relative_to(folder.path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        except OSError as error:
            raise WriteError(f"{place} could not be written: {error.strerror or error}.", MAKE_ROOM) from error
    return target


def put_in_place(
    files: Path, store: Path, entry: ModelEntry, origin: Origin, beside: Mapping[str, str] | None = None
) -> InstalledModel:
    """Give a model's files, complete and checked, their place in the store.

    Parameters
    ----------
    files
        Folder with the files, on the disk of the store; it is moved.
    store
        Folder of the store.
    entry, origin
        What the record says.
    beside
        Name and text of the files that belong to the model, such as its card.

    Raises
    ------
    WriteError
        The file system refused; an older model of that name is still there.
    """
    stage = files.parent / "stage"
    stage.mkdir()
    files.rename(stage / "files")
    for name, text in (beside or {}).items():
        write_text_atomic(stage / name, text)
    write_record(stage, entry, origin)
    _replace_folder(stage, store / entry.name)
    return read_record(store / entry.name)


def remove_folder(folder: Path) -> None:
    """Delete a model. The name goes first: a reader never meets half a model.

    Raises
    ------
    WriteError
        The file system refused.
    """
    try:
        shutil.rmtree(_out_of_the_way(folder))
    except OSError as error:
        raise WriteError(f"{folder} could not be removed: {error.strerror or error}.", _IN_USE) from error


def _replace_folder(new: Path, target: Path) -> None:
    old: Path | None = None
    try:
        old = _out_of_the_way(target) if target.exists() else None
        new.rename(target)
    except OSError as error:
        if old is not None:
            with contextlib.suppress(OSError):
                old.rename(target)
        raise WriteError(f"{target} could not be put in place: {error.strerror or error}.", _IN_USE) from error
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _out_of_the_way(folder: Path) -> Path:
    """Rename a folder to one that nobody looks into."""
    return folder.rename(folder.with_name(f".old-{uuid.uuid4().hex}"))


def _check_checkpoint(path: Path) -> None:
    try:
        load_checkpoint(path)
    except MissingDependencyError:
        return  # Without PyTorch nothing can be run either; it is checked again whenever it is opened.
