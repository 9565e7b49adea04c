"""Models on this machine: install, list, verify, remove.

Each model lies in a folder of its own: ``NAME/installed.json`` says what it is, where it came from and the SHA-256 of
every file; ``NAME/files/`` holds the files. ``known-hashes.json`` beside the models remembers the hash of every archive
that was ever installed, so that an address that suddenly delivers something else is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..anatomy import scheme as scheme_called
from ..errors import ConflictError, ModelError, ModelNotInstalledError, UsageError
from ..fileops import sha256_of_file
from .download import Opener, Progress, download
from .entry_fields import NAME_PATTERN
from .folder import ResultsFolder, read_results_folder
from .hash_book import HashBook
from .installed import RECORD, InstalledModel, Origin, bundled_model, models_folder, read_record
from .intake import Incoming, only_results_folder, put_in_place, remove_folder, take_results
from .registry import ModelEntry, entry_from_dict, registry
from .unpack import unpack_zip

_OTHERS = "See what can be: spine-gt-refine models list"


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
        self._hash_book = HashBook(self.folder / "known-hashes.json")

    def known(self) -> tuple[ModelEntry, ...]:
        """Entries of the registry, then of models that the user installed under names of their own."""
        own = (model.entry for model in self.installed() if model.entry.name not in self.entries)
        return (*self.entries.values(), *own)

    def installed(self) -> tuple[InstalledModel, ...]:
        """All models that can be used now, those that ship with the project first; see also :meth:`damaged`."""
        bundled = [name for name, entry in self.entries.items() if bundled_model(entry) is not None]
        damaged = self.damaged()
        return tuple(self.find(name) for name in dict.fromkeys([*bundled, *self._own()]) if name not in damaged)

    def damaged(self) -> dict[str, ModelError]:
        """Name of each model whose record cannot be read, and what is wrong; the others can be used all the same."""
        found = {}
        for name in self._own():
            try:
                read_record(self.folder / name)
            except ModelError as error:
                found[name] = error
        return found

    def _own(self) -> list[str]:
        return sorted(path.parent.name for path in self.folder.glob(f"[!.]*/{RECORD}"))

    def find(self, name: str) -> InstalledModel:
        """Return an installed model.

        Raises
        ------
        UsageError
            No model has this name.
        ModelNotInstalledError
            It is known, and its weights are not here.
        """
        folder = self.folder / _checked_name(name)
        if (folder / RECORD).is_file():
            return read_record(folder)
        bundled = bundled_model(self._known_entry(name))
        if bundled is None:
            raise ModelNotInstalledError(
                f"The model {name} is not installed.", f"Run: spine-gt-refine models install {name}"
            )
        return bundled

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
            raise UsageError(f"{source} does not exist.", "Check the spelling of the path.")
        if scheme is not None:
            scheme_called(scheme)
        digest = None if source.is_dir() else sha256_of_file(source)
        with Incoming(self.folder) as incoming:
            if digest is not None:
                unpack_zip(source, incoming / "unpacked")
            folder = only_results_folder(source if digest is None else incoming / "unpacked", configuration)
            record = {
                "name": name or str(folder.plans.get("dataset_name") or folder.path.name),
                "version": digest[:12] if digest else "local",
                "scheme": scheme,
                "orientation": orientation or folder.orientation,
                "folds": None if folds is None else list(folds),
                "channels": folder.channel_names,
            }
            entry = entry_from_dict({**record, "title": record["name"]}, "the model's folder")
            return self._take(folder, entry, incoming, Origin(source.name, digest), overwrite=overwrite)

    def install_trained(
        self, source: Path, entry: ModelEntry, beside: Mapping[str, str], *, overwrite: bool = False
    ) -> InstalledModel:
        """Install a model that was trained here; see :meth:`install_own` for the errors.

        Parameters
        ----------
        source
            Its results folder. It is copied, not moved.
        entry
            What is known about it.
        beside
            Name and text of the files that belong to it, such as its card.
        overwrite
            Replace a model of this name.
        """
        with Incoming(self.folder) as incoming:
            folder, origin = read_results_folder(source), Origin(source.name)
            return self._take(folder, entry, incoming, origin, beside, overwrite=overwrite)

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
        if not (target / RECORD).is_file():
            self.find(name)
            raise UsageError(f"{name} is part of this installation and stays.", "It goes with the program itself.")
        remove_folder(target)

    def _known_entry(self, name: str) -> ModelEntry:
        entry = self.entries.get(_checked_name(name))
        if entry is None:
            raise UsageError(f"There is no model called {name!r}.", f"Known models: {', '.join(self.entries)}.")
        return entry

    def _installable(self, name: str) -> ModelEntry:
        entry = self._known_entry(name)
        if bundled_model(entry) is not None:
            raise UsageError(f"{name} is part of this installation already.", _OTHERS)
        if entry.framework == "ivadomed" or entry.url is None:
            raise UsageError(f"{name} cannot be installed. {entry.notes or ''}".strip(), _OTHERS)
        return entry

    def _refuse_existing(self, name: str, *, overwrite: bool) -> None:
        if not overwrite and (self.folder / name).exists():
            raise ConflictError(
                f"The model {name} is installed already.", "Remove it first, or replace it (--overwrite)."
            )

    def _take(
        self,
        folder: ResultsFolder,
        entry: ModelEntry,
        incoming: Path,
        origin: Origin,
        beside: Mapping[str, str] | None = None,
        *,
        overwrite: bool,
    ) -> InstalledModel:
        if entry.name in self.entries:
            raise UsageError(f"{entry.name} is the name of a published model.", "Choose another name.")
        self._refuse_existing(entry.name, overwrite=overwrite)
        files = take_results(folder, entry, incoming / "results")
        return put_in_place(files, self.folder, entry, origin, beside)

    def _from_archive(self, entry: ModelEntry, archive: Path) -> InstalledModel:
        digest, url = sha256_of_file(archive), entry.url or ""
        self._hash_book.check(entry, digest)
        with Incoming(self.folder) as incoming:
            unpack_zip(archive, incoming / "unpacked")
            files = incoming / "unpacked"
            if entry.framework == "nnunet":
                files = take_results(only_results_folder(files, None), entry, incoming / "results")
            model = put_in_place(files, self.folder, entry, Origin(url, digest, pinned=entry.sha256 is not None))
        self._hash_book.remember(url, digest)
        return model


def _checked_name(name: str) -> str:
    if not NAME_PATTERN.fullmatch(name):
        raise UsageError(f"{name!r} is not a name for a model.", "Use letters, digits, '.', '_' and '-'.")
    return name
