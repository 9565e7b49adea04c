"""The models that are known by name: ``Resources/Models/models.json``.

A model is data. An entry says where its weights come from, under which licence, and what an image must look like for
it; nothing in the code knows a model by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from ..errors import UsageError
from ..resources import resource_path
from .entry_fields import READERS
from .postprocessing import PostStep

_CORRECT = "Correct the file."


@dataclass(frozen=True)
class ModelEntry:
    """What is known about a model without opening it. Fields that no source states are None.

    Parameters
    ----------
    name, version, title
        Name for commands, release, name for people.
    framework
        One of :data:`.entry_fields.FRAMEWORKS`.
    bundled
        Folder below ``Resources/Models`` for a model that ships with the project.
    url, sha256, size_bytes
        Where the archive is, and what it must be. A hash that is not given is recorded at the first install.
    license, citation, homepage
        Terms and credit.
    contrasts
        BIDS suffixes that the model was trained for; ``any`` for all.
    channels
        What each input channel is, in the model's order.
    orientation
        Letters that the array must have (house letters, where the identity affine is RAS), or None for the file's own.
        A ``dataset.json`` that states an orientation wins.
    spacing
        Voxel size in millimetres that the model works at, along the axes of ``orientation``; for people.
    scheme
        Label scheme of the result, or None for a scheme made from the model's own names.
    values
        From the model's values to the scheme's, or None where they are the same.
    parts
        What of an image it was trained on (``--parts`` of ``train``), so that a recipe can show it the same; None for
        the whole, or where nobody said.
    folds
        Which folds vote, or None for all that are there.
    checkpoints
        Which checkpoint of a fold is taken: the first of these that exists.
    tile_step, mirroring
        Step between tiles as a part of the tile, and whether mirrored copies vote too.
    postprocessing
        Steps after the network, in order.
    notes
        What a user should know.
    caution
        What must be said with every result of the model, or None.
    """

    name: str
    version: str
    title: str
    framework: str = "nnunet"
    bundled: str | None = None
    url: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    license: str | None = None
    citation: str | None = None
    homepage: str | None = None
    contrasts: tuple[str, ...] = ("any",)
    channels: tuple[str, ...] = ("image",)
    orientation: str | None = None
    spacing: tuple[float, float, float] | None = None
    scheme: str | None = None
    values: Mapping[int, int] | None = None
    parts: str | None = None
    folds: tuple[str, ...] | None = None
    checkpoints: tuple[str, ...] = ("final", "best")
    tile_step: float = 0.5
    mirroring: bool = False
    postprocessing: tuple[PostStep, ...] = ()
    notes: str | None = None
    caution: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the entry in the form of ``models.json``."""
        record = asdict(self)
        record["postprocessing"] = [step.as_dict() for step in self.postprocessing]
        return record


def entry_from_dict(record: object, where: str) -> ModelEntry:
    """Check one entry of a registry file and return it.

    Raises
    ------
    UsageError
        A field is missing, unknown or of the wrong kind; the message names ``where``, the entry and the field.
    """
    if not isinstance(record, dict):
        raise UsageError(f"{where}: an entry is an object; got {type(record).__name__}.", _CORRECT)
    label = f"{where}, model {record.get('name', '(without a name)')!r}"
    known = {field.name for field in fields(ModelEntry)}
    if unknown := sorted(set(record) - known):
        raise UsageError(f"{label}: unknown field {unknown[0]!r}.", f"Known fields: {', '.join(sorted(known))}.")
    if missing := sorted({"name", "version", "title"} - set(record)):
        raise UsageError(f"{label}: the field {missing[0]!r} is missing.", _CORRECT)
    values: dict[str, object] = {}
    for name, value in record.items():
        try:
            values[name] = READERS[name](value)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{label}: the field {name!r} {error}", _CORRECT) from error
    return ModelEntry(**values)  # type: ignore[arg-type]


def read_registry(path: Path) -> dict[str, ModelEntry]:
    """Read a registry file; see :func:`entry_from_dict` for the errors."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} is not valid JSON: {error}.", _CORRECT) from error
    records = document.get("models") if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise UsageError(f"{path.name} has no list called 'models'.", _CORRECT)
    entries: dict[str, ModelEntry] = {}
    for record in records:
        entry = entry_from_dict(record, path.name)
        if entry.name in entries:
            raise UsageError(f"{path.name}: the model {entry.name!r} appears twice.", _CORRECT)
        entries[entry.name] = entry
    return entries


@cache
def registry() -> dict[str, ModelEntry]:
    """All models that the project knows, by name, in order of the file."""
    return read_registry(resource_path("Models", "models.json"))
