"""nnU-Net's results folder: where its files lie and what they must say.

The layout is nnU-Net's own (``TRAINER__PLANS__CONFIGURATION/{dataset.json, plans.json, fold_N/checkpoint_final.pth}``),
and also that of the released models of the Spinal Cord Toolbox and of TotalSpineSeg. The folder's name is not relied
upon: the configuration is stated in the checkpoints.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelError
from .orientation import from_sct

MAX_JSON_BYTES = 2**26
"""Largest ``plans.json`` or ``dataset.json`` that is read."""

_NNUNETS_OWN = "Take the file that nnU-Net's training wrote."


@dataclass(frozen=True)
class ResultsFolder:
    """A trained nnU-Net on disk.

    Parameters
    ----------
    path
        The folder that holds ``dataset.json`` and ``plans.json``.
    dataset, plans
        Content of these files.
    folds
        Name of each fold (``0`` to ``4`` or ``all``) to its folder, in order.
    """

    path: Path
    dataset: Mapping[str, Any]
    plans: Mapping[str, Any]
    folds: Mapping[str, Path]

    @property
    def label_names(self) -> dict[str, int | tuple[int, ...]]:
        """Name of each label or region to its value or values; values may be written as texts in old files."""
        return {name: _label_value(value) for name, value in self.dataset["labels"].items()}

    @property
    def channel_names(self) -> list[str]:
        """Name of each image that the model wants, in its order."""
        return [str(name) for name in self.dataset.get("channel_names", self.dataset.get("modality", {})).values()]

    @property
    def channel_count(self) -> int:
        """Number of images that the model wants."""
        return len(self.channel_names)

    @property
    def orientation(self) -> str | None:
        """What ``dataset.json`` says about the orientation, in house letters.

        Raises
        ------
        ModelError
            It says nonsense.
        """
        letters = self.dataset.get("image_orientation")
        if letters is None:
            return None
        try:
            return from_sct(letters)
        except ValueError as error:
            raise ModelError(
                f"{self.path / 'dataset.json'}: the field 'image_orientation' {error}", "Correct it."
            ) from error

    def checkpoints(self, preferred: Sequence[str], folds: Sequence[str] | None = None) -> dict[str, Path]:
        """Choose one checkpoint of each fold.

        Parameters
        ----------
        preferred
            ``final``, ``best`` or ``latest``, in order of preference.
        folds
            The folds that must be there, or None for all numbered ones (``all`` where there are no others).

        Raises
        ------
        ModelError
            A fold or its checkpoint is missing.
        """
        if folds is None:
            folds = [fold for fold in self.folds if fold != "all"] or ["all"]
        if missing := [fold for fold in folds if fold not in self.folds]:
            raise ModelError(
                f"{self.path} lacks fold {', '.join(missing)}; it has {', '.join(self.folds) or 'none'}.",
                "Install the model again, with all the folds that were trained.",
            )
        return {fold: self._checkpoint(fold, preferred) for fold in folds}

    def _checkpoint(self, fold: str, preferred: Sequence[str]) -> Path:
        for name in preferred:
            path = self.folds[fold] / f"checkpoint_{name}.pth"
            if path.is_file():
                return path
        raise ModelError(
            f"{self.folds[fold]} holds none of {', '.join(f'checkpoint_{name}.pth' for name in preferred)}.",
            "Install the model again; the training of this fold may not have ended.",
        )


def find_results_folders(root: Path) -> tuple[Path, ...]:
    """Folders at or below ``root`` that hold a trained nnU-Net, sorted. Links are not followed."""
    candidates = [root, *(path.parent for path in root.rglob("plans.json"))]
    return tuple(sorted({path for path in candidates if _looks_trained(path)}))


def read_results_folder(path: Path) -> ResultsFolder:
    """Read and check a results folder.

    Raises
    ------
    ModelError
        A file is missing or does not say what nnU-Net needs; the message names the file and the field.
    """
    dataset = _read_object(path / "dataset.json")
    plans = _read_object(path / "plans.json")
    folder = ResultsFolder(path, dataset, plans, _folds(path))
    if not isinstance(dataset.get("labels"), dict) or not _labels_readable(dataset["labels"]):
        raise ModelError(f"{path / 'dataset.json'}: the field 'labels' must map names to values.", _NNUNETS_OWN)
    channels = dataset.get("channel_names", dataset.get("modality"))
    if not isinstance(channels, dict) or not channels:
        raise ModelError(
            f"{path / 'dataset.json'}: the field 'channel_names' must name the input images.", _NNUNETS_OWN
        )
    if not isinstance(plans.get("configurations"), dict) or not plans["configurations"]:
        raise ModelError(f"{path / 'plans.json'}: the field 'configurations' is missing.", _NNUNETS_OWN)
    if not folder.folds:
        raise ModelError(f"{path} holds no folder 'fold_*'.", "Give the folder that nnU-Net's training wrote.")
    return folder


def _looks_trained(path: Path) -> bool:
    return (path / "plans.json").is_file() and (path / "dataset.json").is_file()


def _folds(path: Path) -> dict[str, Path]:
    found = {folder.name.removeprefix("fold_"): folder for folder in path.glob("fold_*") if folder.is_dir()}
    return {name: found[name] for name in sorted(found)}


def _read_object(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ModelError(f"{path} is larger than {MAX_JSON_BYTES} bytes.", _NNUNETS_OWN)
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path} is missing.", "Give the folder that holds plans.json, dataset.json and fold_*."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path} is not valid JSON: {error}.", "Install the model again.") from error
    if not isinstance(document, dict):
        raise ModelError(f"{path} must hold an object; it holds a {type(document).__name__}.", _NNUNETS_OWN)
    return document


def _label_value(value: object) -> int | tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(int(item) for item in value)
    return int(value)  # type: ignore[call-overload, no-any-return]


def _labels_readable(labels: Mapping[str, object]) -> bool:
    try:
        values = [_label_value(value) for value in labels.values()]
    except (TypeError, ValueError, OverflowError):
        return False
    return bool(values) and all(0 <= number < 2**16 for value in values for number in np.atleast_1d(value))
