"""Bring a model's files in: find the trained network, take what inference needs, check it.

All of this happens in a corner of the store; nothing gets its final name before it is complete and checked.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from ..errors import MissingDependencyError, ModelError, UsageError, WriteError
from .checkpoint import load_checkpoint
from .folder import ResultsFolder, find_results_folders, read_results_folder
from .registry import ModelEntry


class Incoming:
    """A temporary folder inside the store, so that the last step is a rename on the same disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f".incoming-{uuid.uuid4().hex}"

    def __enter__(self) -> Path:
        try:
            self._path.mkdir(parents=True)
        except OSError as error:
            raise WriteError(
                f"{self._path.parent} cannot be written: {error.strerror or error}.",
                "Choose another folder with the environment variable SPINEGTREFINE_MODELS.",
            ) from error
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
    names = ", ".join(path.name for path in chosen or found)
    if not chosen:
        raise UsageError(f"None has the configuration {configuration!r}: {names}.", "Choose one of these.")
    raise UsageError(
        f"There are {len(chosen)} trained models: {names}.", "Choose one with --configuration, or its folder."
    )


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
            raise WriteError(f"{place} could not be written: {error.strerror or error}.") from error
    return target


def replace_folder(new: Path, target: Path) -> None:
    """Give a finished folder its name; an older one of that name goes.

    Raises
    ------
    WriteError
        The file system refused (another program holds a file open, another process installs the same model).
    """
    try:
        if target.exists():
            remove_folder(target)
        new.rename(target)
    except OSError as error:
        raise WriteError(f"{target} could not be put in place: {error.strerror or error}.") from error


def remove_folder(folder: Path) -> None:
    """Delete a model. The name goes first: a reader never meets half a model.

    Raises
    ------
    WriteError
        The file system refused.
    """
    doomed = folder.with_name(f".old-{uuid.uuid4().hex}")
    try:
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise WriteError(f"{folder} could not be removed: {error.strerror or error}.") from error


def _check_checkpoint(path: Path) -> None:
    try:
        load_checkpoint(path)
    except MissingDependencyError:
        return  # Without PyTorch nothing can be run either; it is checked again whenever it is opened.
