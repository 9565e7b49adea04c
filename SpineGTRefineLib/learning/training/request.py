"""What is to be trained: plain values, so that a request travels to another process and is kept with its result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...bids.layout import state_folder
from ...errors import UsageError
from ...models.entry_fields import NAME_PATTERN
from ..exchange import ExportSettings
from ..preparation import Preparation
from ..settings import SmallNetwork, TrainingSettings
from ..versions import Version

NUMBER = 501
"""Number of nnU-Net's dataset; each training has folders of its own, so all may have the same."""

DIMENSIONS = {"3d_fullres": 3, "3d_lowres": 3, "2d": 2}
"""nnU-Net's configurations that can be trained from nothing, and how many dimensions their networks see."""

ALL = "all"
"""Name of the one fold that trains on every case and holds none back."""

FREE = frozenset({"folds", "device", "workers"})
"""What may be another when a training goes on; everything else would make it another training."""


@dataclass(frozen=True)
class TrainingRequest:
    """One training.

    Parameters
    ----------
    name
        Of the training and of the model that it becomes.
    folder
        Where everything about it is kept; the same folder again goes on with it.
    version, dataset, output
        Folder of the version, and where its dataset and refined masks are now.
    settings
        Network, length, device; its ``fold`` is not looked at.
    folds
        Numbers of the folds to train, or ``all`` for one network that is trained on every case.
    export
        Which parts of the cases are learned from, in which orientation.
    regions
        For a region-based training the structures of each region, from the outer to the inner ones; else empty.
    start
        Installed model whose weights, plans and normalization are taken over; "" to begin from nothing.
    """

    name: str
    folder: Path
    version: Path
    dataset: Path
    output: Path
    settings: TrainingSettings
    folds: tuple[str, ...]
    export: ExportSettings
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    start: str = ""

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise UsageError(f"{self.name!r} is not a name for a model.", "Use letters, digits, '.', '_' and '-'.")
        if not self.start:  # else network and configuration are those of the model
            _require_a_plan(self.settings, self.export.preparation)

    def as_json(self) -> dict[str, Any]:
        """Return the request for a message or a file."""
        paths = {name: str(getattr(self, name)) for name in ("folder", "version", "dataset", "output")}
        export = {name: getattr(self.export, name) for name in ("orientation", "partial")}
        content = {
            "name": self.name,
            **paths,
            "settings": asdict(self.settings),
            "folds": list(self.folds),
            "export": {
                **export,
                "channels": list(self.export.channels),
                "preparation": self.export.preparation.as_json(),
            },
            "regions": {name: list(keys) for name, keys in self.regions.items()},
            "start": self.start,
        }
        # As a reader will see it: tuples are lists there, and must not look like another request.
        plain: dict[str, Any] = json.loads(json.dumps(content))
        return plain

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> TrainingRequest:
        """Read what :meth:`as_json` returned."""
        paths = {name: Path(content[name]) for name in ("folder", "version", "dataset", "output")}
        export = content["export"]
        return cls(
            content["name"],
            **paths,
            settings=settings_from(content["settings"]),
            folds=tuple(content["folds"]),
            export=ExportSettings(
                NUMBER,
                _letters(content["name"]),
                tuple(export["channels"]),
                export["orientation"],
                export["partial"],
                Preparation.from_json(export["preparation"]),
            ),
            regions={name: tuple(keys) for name, keys in content["regions"].items()},
            start=content["start"],
        )

    def differences(self, other: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what makes another training of it than ``other``, a request that was kept as JSON."""
        mine = self.as_json()
        settings = {name for name in mine["settings"] if mine["settings"][name] != other["settings"].get(name)}
        changed = {name for name in ("regions", "start", "export") if mine[name] != other[name]}
        return tuple(sorted((settings - {"fold"} | changed) - FREE))


def training_request(
    version: Version,
    *,
    name: str | None = None,
    folder: Path | None = None,
    settings: TrainingSettings | None = None,
    folds: Sequence[str] = (),
    regions: Mapping[str, Sequence[str]] | None = None,
    start: str = "",
    **export: Any,
) -> TrainingRequest:
    """Return the request to train on a version; what is not given gets its usual value.

    Parameters
    ----------
    version
        What to learn from.
    name
        By default the kind of mask and the version, such as ``canal_D1``.
    folder
        By default a folder with the state of the output, see :func:`trainings_folder`.
    settings
        By default nnU-Net's, without mirroring.
    folds
        By default all folds of the version; ``all`` where it has none.
    regions, start
        See :class:`TrainingRequest`.
    **export
        ``channels``, ``orientation``, ``partial`` and ``preparation`` of
        :class:`~SpineGTRefineLib.learning.exchange.ExportSettings`.

    Raises
    ------
    UsageError
        The version has no such fold, or the name cannot be a model's.
    """
    name = name or f"{version.mask_type.name}_{version.name}"
    known = tuple(str(fold) for fold in version.folds)
    if unknown := [fold for fold in folds if fold not in (*known, ALL)]:
        there = ", ".join(known) if known else "none; use --fold all"
        raise UsageError(f"{version.name} has no fold {unknown[0]}.", f"Its folds: {there}.")
    return TrainingRequest(
        name,
        folder or trainings_folder(version.output) / name,
        version.folder,
        version.root,
        version.output,
        settings or TrainingSettings(),
        tuple(folds) or known or (ALL,),
        ExportSettings(NUMBER, _letters(name), **export),
        {region: tuple(keys) for region, keys in (regions or {}).items()},
        start,
    )


def trainings_folder(output: Path) -> Path:
    """Return the folder of a dataset's trainings, unless the user names another."""
    return state_folder(output, "trainings")


def settings_from(content: Mapping[str, Any]) -> TrainingSettings:
    """Return settings with fields from a JSON or TOML table.

    Raises
    ------
    UsageError
        There is no such field, or its value cannot be used.
    """
    fields = _with_tuples(content)
    try:
        if fields.get("small"):
            fields["small"] = SmallNetwork(**_with_tuples(fields["small"]))
        return TrainingSettings(**fields)
    except TypeError as error:
        raise UsageError(f"The settings of the training cannot be used: {error}.", "Correct the file.") from error


def _with_tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def _require_a_plan(settings: TrainingSettings, preparation: Preparation) -> None:
    """Refuse what nnU-Net plans no network for, before cases are written for it."""
    dimensions = DIMENSIONS.get(settings.configuration)
    if dimensions is None:
        raise UsageError(
            f"nnU-Net plans no configuration {settings.configuration!r}.", f"Choose {' or '.join(DIMENSIONS)}."
        )
    if preparation.parts == "slices" and dimensions != 2:
        raise UsageError(
            f"Single slices are learned by a flat network, and {settings.configuration} is one for volumes.",
            "Add --configuration 2d.",
        )
    if settings.small is not None and len(settings.small.spacing) != dimensions:
        raise UsageError(
            f"{settings.configuration} has {dimensions} dimensions, and the small network of the settings has "
            f"{len(settings.small.spacing)}.",
            "Give its spacing and patch_size as many numbers, or choose another configuration.",
        )
    if settings.freeze:
        raise UsageError(
            "Parts of the network are to be frozen, and it begins from nothing.",
            "Fine-tune a model, or leave freeze out of the settings.",
        )


def _letters(name: str) -> str:
    return "".join(c for c in name if c.isalnum() and c.isascii())
