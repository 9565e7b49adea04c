"""The loop of a dataset at a glance: versions, the models that were trained on them, the champion."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...bids import Dataset, MaskType
from ...models import ModelStore
from ..versions import Version, version_names, versions_folder
from .card import card_of
from .champion import challenges, champion_of
from .predictions import PREDICTIONS
from .request import trainings_folder


@dataclass(frozen=True)
class ModelRow:
    """A model that was trained on this dataset.

    Parameters
    ----------
    name, version
        The model, and the version that it was trained on.
    test, held_back
        Mean Dice on the frozen test set, and on what its folds held back; None where there is none.
    is_champion
        Whether it is the champion.
    predictions
        Folder with masks of the cases that it did not see.
    """

    name: str
    version: str
    test: float | None
    held_back: float | None
    is_champion: bool
    predictions: Path


@dataclass(frozen=True)
class Overview:
    """What there is of one kind of mask.

    Parameters
    ----------
    versions
        Names of the versions, the latest last.
    models
        Models that were trained on them, by name.
    verdict
        What became of the last challenge to the champion, in words; "" before the first.
    """

    versions: tuple[str, ...] = ()
    models: tuple[ModelRow, ...] = ()
    verdict: str = ""


def read_overview(dataset: Dataset, mask_type: MaskType, store: ModelStore | None = None) -> Overview:
    """Look which versions and models there are of a kind of mask; reads small files, so not for a window's thread."""
    folder = versions_folder(dataset.output)
    opened = [Version.open(folder / name, dataset.root, dataset.output) for name in version_names(folder)]
    mine = sorted(
        (version for version in opened if version.mask_type.name == mask_type.name),
        key=lambda version: str(version.manifest["Created"]),
    )
    known = {version.sha256 for version in mine}
    champion = champion_of(dataset.output, mask_type.name)
    rows = []
    for model in (store or ModelStore()).installed():
        card = card_of(model)
        if card is None or card["Version"]["SHA256"] not in known:
            continue
        rows.append(
            ModelRow(
                model.entry.name,
                card["Version"]["Name"],  # a version of the same masks under another name has the same hash
                card["Test"]["Dice"],
                card["OutOfFold"]["Dice"],
                model.entry.name == champion,
                trainings_folder(dataset.output) / card["Training"] / PREDICTIONS,
            )
        )
    told = [entry for entry in challenges(dataset.output) if entry.mask_type == mask_type.name]
    verdict = f"{told[-1].model}: {told[-1].reason}" if told else ""
    return Overview(tuple(version.name for version in mine), tuple(rows), verdict)
