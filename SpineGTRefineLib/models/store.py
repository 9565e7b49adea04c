"""Models on this machine: install, list, verify, remove.

Each model lies in a folder of its own: ``NAME/installed.json`` says what it is, where it came from and the SHA-256 of
every file; ``NAME/files/`` holds the files. ``known-hashes.json`` beside the models remembers the hash of every archive
that was ever installed, so that an address that suddenly delivers something else is noticed.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import (
    ChecksumError,
    ConflictError,
    MissingDependencyError,
    ModelError,
    ModelNotInstalledError,
    UsageError,
    WriteError,
)
from ..fileops import sha256_of_file, write_text_atomic
from ..resources import resource_path
from ..userfolders import user_data_folder
from .checkpoint import load_checkpoint
from .download import Opener, Progress, download
from .entry_fields import NAME_PATTERN
from .folder import ResultsFolder, find_results_folders, read_results_folder
from .registry import ModelEntry, entry_from_dict, registry
from .unpack import unpack_zip

FOLDER_VARIABLE = "SPINEGTREFINE_MODELS"
"""Environment variable that moves the models to another folder."""


@dataclass(frozen=True)
class InstalledModel:
    """A model whose files are on this machine.

    Parameters
    ----------
    entry
        What is known about it.
    path
        For nnU-Net the results folder, otherwise the folder with all files.
    hashes
        SHA-256 of each file, by path below ``path`` with forward slashes.
    source
        Address, archive or folder that it came from; only the file name of a local one.
    archive_sha256
        Hash of the archive, or None for a folder.
    pinned
        Whether the hash was published with the registry (otherwise it was recorded here at the first install).
    """

    entry: ModelEntry
    path: Path
    hashes: dict[str, str]
    source: str
    archive_sha256: str | None = None
    pinned: bool = False

    def verify(self) -> None:
        """Compare every file with its hash.

        Raises
        ------
        ChecksumError
            A file changed, is missing, or was added.
        """
        present = _hashes(self.path)
        for name in sorted(set(self.hashes) | set(present)):
            if name not in present:
                raise ChecksumError(f"The model {self.entry.name} lacks {name}.", _REINSTALL)
            if self.hashes.get(name) != present[name]:
                raise ChecksumError(f"{name} of the model {self.entry.name} is not what was installed.", _REINSTALL)

    def results_folder(self) -> ResultsFolder:
        """Read the nnU-Net results folder.

        Raises
        ------
        ModelError
            The model is not of nnU-Net, or incomplete.
        """
        if self.entry.framework != "nnunet":
            raise ModelError(f"{self.entry.name} is not an nnU-Net model.", self.entry.notes or "")
        return read_results_folder(self.path)


class ModelStore:
    """The folder with the user's models, and those that ship with the project.

    Parameters
    ----------
    folder
        Where models are kept; by default :func:`models_folder`.
    entries
        Known models by name; by default the project's registry.
    """

    def __init__(self, folder: Path | None = None, entries: dict[str, ModelEntry] | None = None) -> None:
        self.folder = folder or models_folder()
        self.entries = registry() if entries is None else entries

    def known(self) -> tuple[ModelEntry, ...]:
        """Entries of the registry, then of models that the user installed under names of their own."""
        own = (model.entry for model in self.installed() if model.entry.name not in self.entries)
        return (*self.entries.values(), *own)

    def installed(self) -> tuple[InstalledModel, ...]:
        """All models that can be used now, those that ship with the project first."""
        bundled = [name for name, entry in self.entries.items() if _bundled_path(entry) is not None]
        own = sorted(path.parent.name for path in self.folder.glob("*/installed.json"))
        return tuple(self.find(name) for name in [*bundled, *(name for name in own if name not in bundled)])

    def find(self, name: str) -> InstalledModel:
        """Return an installed model.

        Raises
        ------
        UsageError
            No model has this name.
        ModelNotInstalledError
            It is known, and its weights are not here.
        """
        record = self.folder / _checked_name(name) / "installed.json"
        if record.is_file():
            return _read_installed(record)
        entry = self.entries.get(name)
        if entry is None:
            raise UsageError(f"There is no model called {name!r}.", f"Known models: {', '.join(self.entries)}.")
        path = _bundled_path(entry)
        if path is None:
            raise ModelNotInstalledError(
                f"The model {name} is not installed.", f"Run: spine-gt-refine models install {name}"
            )
        return InstalledModel(entry, path, _bundled_hashes(path), "part of this installation", pinned=True)

    def install(
        self,
        name: str,
        *,
        archive: Path | None = None,
        progress: Progress | None = None,
        cancel: Callable[[], bool] | None = None,
        opener: Opener | None = None,
        overwrite: bool = False,
    ) -> InstalledModel:
        """Install a model of the registry from its address, or from an archive that was downloaded before.

        Raises
        ------
        UsageError
            The model is unknown, or cannot be installed here.
        ConflictError
            It is installed already and ``overwrite`` is not set.
        ChecksumError
            The archive is not the published one, or not the one of the first install.
        UnsafeModelError, CorruptFileError, ModelError, DownloadError, CancelledError, WriteError
            See the steps; the store is as before.
        """
        entry = self._installable(name)
        self._refuse_existing(name, overwrite=overwrite)
        if archive is not None:
            return self._from_archive(entry, archive)
        fetched = self.folder / ".downloads" / f"{name}.zip"
        download(entry.url or "", fetched, progress=progress, cancel=cancel, opener=opener)
        try:
            return self._from_archive(entry, fetched)
        finally:
            fetched.unlink(missing_ok=True)

    def install_own(
        self,
        source: Path,
        *,
        name: str | None = None,
        scheme: str | None = None,
        orientation: str | None = None,
        configuration: str | None = None,
        folds: Sequence[str] | None = None,
        overwrite: bool = False,
    ) -> InstalledModel:
        """Install a model that was trained elsewhere with plain nnU-Net, from its folder or a zip archive of it.

        Parameters
        ----------
        source
            A results folder, or a folder or archive that holds one. It is copied, not moved.
        name
            Name of the model here; by default the name of the dataset.
        scheme
            Label scheme of its values; by default one is made from the names in ``dataset.json``.
        orientation
            Letters that the array must have; by default what ``dataset.json`` says, else the file's own.
        configuration
            Which one to take where several were trained, for example ``3d_fullres``.
        folds
            Which folds to take; by default all that are there.
        overwrite
            Replace a model of this name.

        Raises
        ------
        ModelError, UnsafeModelError, UsageError, ConflictError, WriteError
            The store is as before.
        """
        if not source.exists():
            raise UsageError(f"{source} does not exist.")
        digest = None if source.is_dir() else sha256_of_file(source)
        with _Incoming(self.folder) as incoming:
            if digest is not None:
                unpack_zip(source, incoming / "unpacked")
            folder = _only_results_folder(source if digest is None else incoming / "unpacked", configuration)
            record = {
                "name": name or str(folder.plans.get("dataset_name") or folder.path.name),
                "version": digest[:12] if digest else "local",
                "scheme": scheme,
                "orientation": orientation or folder.orientation,
                "folds": None if folds is None else list(folds),
                "channels": folder.channel_names,
            }
            entry = entry_from_dict({**record, "title": record["name"]}, "the model's folder")
            if entry.name in self.entries:
                raise UsageError(f"{entry.name} is the name of a published model.", "Choose another name with --name.")
            self._refuse_existing(entry.name, overwrite=overwrite)
            files = _take_results(folder, entry, incoming / "results")
            return self._put(entry, files, source.name, digest, pinned=False)

    def remove(self, name: str) -> None:
        """Delete an installed model. The hash of its archive stays known.

        Raises
        ------
        UsageError
            It ships with the project, or no model has this name.
        ModelNotInstalledError
            It is not installed.
        """
        target = self.folder / _checked_name(name)
        if not (target / "installed.json").is_file():
            self.find(name)
            raise UsageError(f"{name} is part of this installation and stays.")
        _delete(target)

    def _installable(self, name: str) -> ModelEntry:
        entry = self.entries.get(_checked_name(name))
        if entry is None:
            raise UsageError(f"There is no model called {name!r}.", f"Known models: {', '.join(self.entries)}.")
        if entry.framework == "ivadomed" or entry.url is None:
            raise UsageError(f"{name} cannot be installed. {entry.notes or ''}".strip())
        return entry

    def _refuse_existing(self, name: str, *, overwrite: bool) -> None:
        if not overwrite and (self.folder / name).exists():
            raise ConflictError(f"The model {name} is installed already.", "Remove it first, or ask to overwrite it.")

    def _check_archive(self, entry: ModelEntry, digest: str) -> None:
        if entry.sha256 is not None and digest != entry.sha256:
            raise ChecksumError(
                f"The archive of {entry.name} is not the published one (SHA-256 {digest}, expected {entry.sha256}).",
                "Download it again; if this repeats, do not use it.",
            )
        recorded = self._known_hashes().get(entry.url or "")
        if entry.sha256 is None and recorded not in (None, digest):
            raise ChecksumError(
                f"{entry.url} delivers another file than at the first install (SHA-256 {digest}, was {recorded}).",
                f"If its publisher confirms the change, delete its line in {self._hash_file}.",
            )

    def _from_archive(self, entry: ModelEntry, archive: Path) -> InstalledModel:
        digest, url = sha256_of_file(archive), entry.url or ""
        self._check_archive(entry, digest)
        with _Incoming(self.folder) as incoming:
            unpack_zip(archive, incoming / "unpacked")
            files = incoming / "unpacked"
            if entry.framework == "nnunet":
                files = _take_results(_only_results_folder(files, None), entry, incoming / "results")
            model = self._put(entry, files, url, digest, pinned=entry.sha256 is not None)
        self._remember(url, digest)
        return model

    def _put(self, entry: ModelEntry, files: Path, source: str, digest: str | None, *, pinned: bool) -> InstalledModel:
        """Give a finished folder its name; only this step is seen by others."""
        hashes = _hashes(files)
        stage = files.parent / "stage"
        stage.mkdir()
        files.rename(stage / "files")
        record = {
            "entry": entry.as_dict(),
            "source": source,
            "archive_sha256": digest,
            "pinned": pinned,
            "installed_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "hashes": hashes,
        }
        write_text_atomic(stage / "installed.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        target = self.folder / entry.name
        if target.exists():
            _delete(target)
        stage.rename(target)
        return _read_installed(target / "installed.json")

    @property
    def _hash_file(self) -> Path:
        return self.folder / "known-hashes.json"

    def _known_hashes(self) -> dict[str, str]:
        if not self._hash_file.is_file():
            return {}
        known: dict[str, str] = json.loads(self._hash_file.read_text(encoding="utf-8"))
        return known

    def _remember(self, url: str, digest: str) -> None:
        known = {**self._known_hashes(), url: digest}
        write_text_atomic(self._hash_file, json.dumps(known, indent=2, sort_keys=True) + "\n")


def models_folder() -> Path:
    """Folder of the user's models: ``$SPINEGTREFINE_MODELS``, else the data folder of the system."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser()
    return user_data_folder("models")


class _Incoming:
    """A temporary folder inside the store, so that the last step is a rename on the same disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f".incoming-{uuid.uuid4().hex}"

    def __enter__(self) -> Path:
        try:
            self._path.mkdir(parents=True)
        except OSError as error:
            raise WriteError(
                f"{self._path.parent} cannot be written: {error.strerror or error}.",
                f"Choose another folder with the environment variable {FOLDER_VARIABLE}.",
            ) from error
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


def _only_results_folder(root: Path, configuration: str | None) -> ResultsFolder:
    found = find_results_folders(root)
    if configuration is not None:
        found = tuple(path for path in found if path.name.endswith(f"__{configuration}"))
    if len(found) == 1:
        return read_results_folder(found[0])
    if not found:
        raise ModelError(
            "No trained nnU-Net was found: a folder with plans.json, dataset.json and fold_*.",
            "Give the folder that nnU-Net's training wrote, or a zip archive of it.",
        )
    names = ", ".join(path.name for path in found)
    raise UsageError(
        f"There are {len(found)} trained models: {names}.", "Choose one with --configuration, or its folder."
    )


def _take_results(folder: ResultsFolder, entry: ModelEntry, target: Path) -> Path:
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


def _check_checkpoint(path: Path) -> None:
    try:
        load_checkpoint(path)
    except MissingDependencyError:
        return  # Without PyTorch nothing can be run either; it is checked again whenever it is opened.


def _hashes(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_of_file(path) for path in paths if path.name not in _NOT_MODEL}


def _read_installed(record: Path) -> InstalledModel:
    try:
        document = json.loads(record.read_text(encoding="utf-8"))
        return InstalledModel(
            entry_from_dict(_plain(document["entry"]), record.name),
            record.parent / "files",
            document["hashes"],
            document["source"],
            document["archive_sha256"],
            document["pinned"],
        )
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ModelError(f"{record} is damaged: {error!r}.", _REINSTALL) from error


def _plain(record: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in record.items() if value is not None}


def _bundled_path(entry: ModelEntry) -> Path | None:
    if entry.bundled is None:
        return None
    path = resource_path("Models") / entry.bundled
    return path if (path / "plans.json").is_file() else None


def _bundled_hashes(path: Path) -> dict[str, str]:
    record = path / "SHA256.json"
    hashes: dict[str, str] = json.loads(record.read_text(encoding="utf-8"))
    return hashes


def _checked_name(name: str) -> str:
    if not NAME_PATTERN.fullmatch(name):
        raise UsageError(f"{name!r} is not a name for a model.", "Use letters, digits, '.', '_' and '-'.")
    return name


def _delete(folder: Path) -> None:
    """Take the name away first: a reader never meets half a model."""
    doomed = folder.with_name(f".old-{uuid.uuid4().hex}")
    try:
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise WriteError(f"{folder} could not be removed: {error.strerror or error}.") from error


_NOT_MODEL = frozenset({"SHA256.json", "MODEL_CARD.md"})
"""Files of a model that ships with the project which inference does not read."""

_REINSTALL = "Remove the model and install it again."
