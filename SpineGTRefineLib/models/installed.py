"""A model whose files are on this machine, and the record that says what they must be."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import ChecksumError, ModelError
from ..fileops import sha256_of_file, write_text_atomic
from ..resources import resource_path
from ..userfolders import user_data_folder
from .folder import ResultsFolder, read_results_folder
from .registry import ModelEntry, entry_from_dict

FOLDER_VARIABLE = "SPINEGTREFINE_MODELS"
"""Environment variable that moves the models to another folder."""

MAKE_ROOM = f"Free some disk space, or choose another folder with the environment variable {FOLDER_VARIABLE}."
"""What to do where the system refuses to write a model."""

RECORD = "installed.json"
"""Name of the record in a model's folder of the store; the files themselves are beside it in ``files/``."""

NOT_READ = frozenset({"SHA256.json", "MODEL_CARD.md"})
"""Files of a model that ships with the project which inference does not read."""

_REINSTALL = "Remove the model and install it again."


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
        present = hashes_below(self.path)
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


def models_folder() -> Path:
    """Folder of the user's models: ``$SPINEGTREFINE_MODELS``, else the data folder of the system."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser()
    return user_data_folder("models")


def bundled_model(entry: ModelEntry) -> InstalledModel | None:
    """Return a model that ships with the project, or None if this one does not."""
    if entry.bundled is None:
        return None
    path = resource_path("Models") / entry.bundled
    if not (path / "plans.json").is_file():
        return None
    hashes: dict[str, str] = json.loads((path / "SHA256.json").read_text(encoding="utf-8"))
    return InstalledModel(entry, path, hashes, "part of this installation", pinned=True)


@dataclass(frozen=True)
class Origin:
    """Where a model came from: the fields of these names of :class:`InstalledModel`."""

    source: str
    archive_sha256: str | None = None
    pinned: bool = False


def write_record(folder: Path, entry: ModelEntry, origin: Origin) -> None:
    """Hash ``folder/files`` and write the record beside it."""
    record = {
        "entry": {key: value for key, value in entry.as_dict().items() if value is not None},
        **asdict(origin),
        "installed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "hashes": hashes_below(folder / "files"),
    }
    write_text_atomic(folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def read_record(folder: Path) -> InstalledModel:
    """Return the model in a folder of the store.

    Raises
    ------
    ModelError
        The record is damaged.
    """
    path = folder / RECORD
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return InstalledModel(
            entry_from_dict(document["entry"], path.name),
            folder / "files",
            document["hashes"],
            document["source"],
            document["archive_sha256"],
            document["pinned"],
        )
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is damaged: {error!r}.", _REINSTALL) from error


def hashes_below(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that inference may read, by path below ``folder`` with forward slashes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_READ)
    return {path.relative_to(folder).as_posix(): sha256_of_file(path) for path in paths}
