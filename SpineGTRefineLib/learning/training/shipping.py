"""Ship a model: its best fold alone, and the champion's place if it is shown to be better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...bids import Dataset
from ...bids.jsonfiles import json_text
from ...errors import ConflictError, MissingFileError, UsageError
from ...models import InstalledModel, ModelStore
from ...models.devices import choose_device
from ..evaluation import CaseMetrics, PairedComparison, compare_paired
from ..versions import Version, seen_by, version_names, versions_folder
from .card import CARD, PAGE, card_of, card_page, mean_dice, structure_table
from .champion import Challenge, challenges, decide, find_champion
from .failures import explained
from .frozen_test import scores_on_test_set
from .report import Report, part_of, silent
from .request import trainings_folder

TESTS = ".tests"
"""Folder beside the trainings with what models made of frozen test sets."""


@dataclass(frozen=True)
class ShippedModel:
    """The result of shipping.

    Parameters
    ----------
    model
        The single fold, as it was installed.
    fold
        Which one it is.
    challenge
        What became of its challenge to the champion.
    comparison
        The paired comparison with the champion on the frozen test set; None where there was none.
    """

    model: InstalledModel
    fold: str
    challenge: Challenge
    comparison: PairedComparison | None


def ship_model(
    dataset: Dataset,
    name: str,
    *,
    as_name: str | None = None,
    versions: Path | None = None,
    store: ModelStore | None = None,
    device: str = "auto",
    report: Report = silent,
    cancel: Callable[[], bool] | None = None,
) -> ShippedModel:
    """Install the best fold of a trained model as a model of its own, and let it challenge the champion.

    Parameters
    ----------
    dataset
        What the model was trained on.
    name
        The trained model.
    as_name
        Name of the single fold; by default ``NAME-foldN``.
    versions
        Folder of the versions, where it is not with the output.
    store
        Where models are; by default the user's.
    device, report, cancel
        As for :func:`.run.train_version`.

    Raises
    ------
    UsageError
        The model was not trained here, or is a single fold already; or there is no such device.
    MissingFileError
        The dataset has no such version as it was trained on.
    ModelNotInstalledError
        The champion is not on this machine, so nothing can be compared with it.
    ConflictError
        Another model has the name of the single fold, or another one has become the champion meanwhile.
    ChangedOnDiskError
        The files of the test set are not what they were.
    CancelledError, WriteError, ModelError
        As for :func:`.run.train_version`; the store is as before.
    """
    store = store or ModelStore()
    with explained(f"Shipping {name}"):
        choose_device(device)  # refused before cases are written for it
        trained, card = _trained(store, name)
        version = _version_of(dataset, card, versions or versions_folder(dataset.output))
        fold = best_fold(card)
        single = replace(trained, entry=replace(trained.entry, name=as_name or f"{name}-fold{fold}", folds=(fold,)))
        _refuse_other(single.entry.name, card, store)
        folder = trainings_folder(dataset.output) / TESTS

        def tested(model: InstalledModel, begin: float) -> list[CaseMetrics]:
            progress = part_of(report, begin, begin + 0.5, f"testing {model.entry.name}")
            return scores_on_test_set(model, version, folder, device=device, progress=progress, cancel=cancel)

        champion = find_champion(dataset.output, version.mask_type.name, store)
        rival = champion if champion and champion.entry.name != single.entry.name else None
        scores = tested(single, 0.0)
        unfair = _unfair(rival, dataset, version) if rival else ""
        comparison = compare_paired(tested(rival, 0.5), scores) if rival and scores and not unfair else None
        installed = store.install_trained(trained.path, single.entry, _beside(card, single, scores), overwrite=True)
        if champion and not rival:
            challenge = _last(dataset.output, installed.entry.name)
        else:
            against = rival.entry.name if rival else ""
            challenge = decide(
                dataset.output, installed.entry.name, version, comparison, against=against, unfair=unfair
            )
    return ShippedModel(installed, fold, challenge, comparison)


def best_fold(card: Mapping[str, Any]) -> str:
    """Return the fold with the best mean Dice on the cases it held back.

    Folds whose starting model may have seen these cases come last: their figures may be too good.
    """
    folds: Mapping[str, Mapping[str, Any]] = card["Folds"]
    return min(folds, key=lambda fold: (folds[fold]["MayHaveSeenHeldBack"], -(folds[fold]["Dice"] or 0.0), fold))


def _trained(store: ModelStore, name: str) -> tuple[InstalledModel, dict[str, Any]]:
    model = store.find(name)
    card = card_of(model)
    if card is None:
        raise UsageError(f"{name} was not trained here, so its folds are not known.", "Name a model that `train` made.")
    if card["Name"] != card["Training"]:
        raise UsageError(f"{name} is a single fold of {card['Training']} already.", f"Ship {card['Training']}.")
    return model, card


def _version_of(dataset: Dataset, card: Mapping[str, Any], folder: Path) -> Version:
    """Open the version that a model was trained on."""
    wanted = card["Version"]
    for name in version_names(folder):
        version = Version.open(folder / name, dataset.root, dataset.output)
        if version.sha256 == wanted["SHA256"]:
            return version
    raise MissingFileError(
        f"{dataset.root} has no version {wanted['Name']} like the one that {card['Name']} was trained on.",
        "Give the dataset that it was trained on, and with --versions the folder of its versions.",
    )


def _unfair(champion: InstalledModel, dataset: Dataset, version: Version) -> str:
    """Say why a champion cannot be judged on the test set of a version, "" if it can."""
    try:
        seen = seen_by(_version_of(dataset, card_of(champion) or {}, version.folder.parent), version)
    except (KeyError, MissingFileError):
        return f"It is not known here what {champion.entry.name} was trained on; it may have seen this test set."
    if not seen:
        return ""
    return (
        f"{champion.entry.name} was trained on {len(seen)} of the people of this test set ({', '.join(seen[:3])}), so "
        "the two cannot be compared on it. Build the version with the champion's as its parent: the test set stays."
    )


def _refuse_other(name: str, card: Mapping[str, Any], store: ModelStore) -> None:
    """Refuse a name that another model has; the trained model itself is one, since it has the other folds, too."""
    known = next((model for model in store.installed() if model.entry.name == name), None)
    is_free = name not in store.entries and (known is None or (card_of(known) or {}).get("Id") == card["Id"])
    if not is_free or name == card["Training"]:
        raise ConflictError(f"There is another model called {name}.", "Choose another name with --as.")


def _beside(card: Mapping[str, Any], single: InstalledModel, scores: Sequence[CaseMetrics]) -> dict[str, str]:
    """Return the card of the single fold: its own figures, not those of all folds together."""
    (fold,) = single.entry.folds or ()
    own = {
        **card,
        "Name": single.entry.name,
        "Folds": {fold: card["Folds"][fold]},
        "OutOfFold": {"Dice": card["Folds"][fold]["Dice"], "Structures": card["Folds"][fold]["Structures"]},
        "Test": {"Dice": mean_dice(scores), "Structures": structure_table(scores)},
    }
    return {CARD: json_text(own), PAGE: card_page(own)}


def _last(output: Path, model: str) -> Challenge:
    return next(entry for entry in reversed(challenges(output)) if entry.model == model)
