"""One training from a version to an installed model: prepared, trained fold by fold, tried on what it did not see."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...bids.jsonfiles import json_text, read_json, write_json
from ...models import InstalledModel, ModelEntry, ModelStore
from ...models.devices import choose_device
from ...models.installed import hashes_below
from ..evaluation import CaseMetrics
from ..export import export_for_inference
from ..nnunet_training import train
from ..versions import Version
from .card import CARD, PAGE, FoldResult, card_page, make_card
from .claim import alone, claim
from .data import TrainingData, make_ready, outputs_for, remove_prepared
from .failures import explained
from .predictions import PREDICTIONS, predict_cases, score_cases
from .report import Report, part_of, silent, span_of
from .request import TrainingRequest
from .start import Start, adapted, find_start, may_have_seen

PREPARED, TRAINED = 0.05, 0.95
"""Parts of the whole at which the preparation and the training of all folds end."""

TRAINING_SHARE = 0.9
"""Part of a fold that is training; the rest is the prediction of what it held back."""


@dataclass(frozen=True)
class TrainedModel:
    """The result of a training.

    Parameters
    ----------
    model
        As it was installed.
    card
        Content of its ``training.json``: version, settings, metrics by structure.
    predictions
        Folder with a mask of each case that was held back (``fold_N``) and of each test case (``test``): what
        ``rank`` and ``compare`` take.
    """

    model: InstalledModel
    card: Mapping[str, Any]
    predictions: Path


def train_version(
    request: TrainingRequest,
    *,
    store: ModelStore | None = None,
    report: Report = silent,
    cancel: Callable[[], bool] | None = None,
    keep_prepared: bool = False,
) -> TrainedModel:
    """Train on a version and install the result. Needs PyTorch and nnU-Net.

    What was stopped, or failed for want of disk or memory, goes on with the same request; a fold that is trained is
    not trained again. The store changes at the very end only.

    Parameters
    ----------
    request
        What to train, see :func:`.request.training_request`.
    store
        Where the model is installed, and found if it is fine-tuned; by default the user's.
    report, cancel
        Told of progress, and asked, all the time.
    keep_prepared
        Keep the exported and preprocessed copies of the cases, which take many times the space of the images.

    Raises
    ------
    ChangedOnDiskError
        An image or a mask is not what it was when the version was made.
    ConflictError
        The folder holds another training, or another model has this name.
    UsageError
        Labels, regions, parts of the network or the device are not there; nothing was written.
    LockedError
        Another program does this training.
    CancelledError
        ``cancel`` returned True.
    WriteError
        The disk is full, or a folder read-only.
    ModelError
        The memory is too small, the training diverged, or the model to begin from does not fit.
    MissingDependencyError
        PyTorch or nnU-Net is not installed.
    """
    store = store or ModelStore()
    with explained(f"The training {request.name}"):
        version = Version.open(request.version, request.dataset, request.output)
        choose_device(request.settings.device)
        start = find_start(request, store)
        full = adapted(request, start, version.mask_type.scheme)
        outputs = outputs_for(full, version)
        # All that can be refused without a look at the files was; what follows writes.
        with alone(request):
            identity = claim(request, version, store)
            report(0.0, "comparing the files with the version")
            version.verify(cancel=cancel)
            data = make_ready(full, version, start, outputs, span_of(report, 0.0, PREPARED), cancel)
            trained = _train_folds(full, version, data, start, identity, store, report, cancel)
            if not keep_prepared:
                remove_prepared(data)
    return trained


def _train_folds(
    request: TrainingRequest,
    version: Version,
    data: TrainingData,
    start: Start | None,
    identity: Mapping[str, Any],
    store: ModelStore,
    report: Report,
    cancel: Callable[[], bool] | None,
) -> TrainedModel:
    """Train fold by fold, try all folds together on the test set, and install them with their card."""
    began = time.monotonic()
    folds = {}
    for number, fold in enumerate(request.folds):
        step = (TRAINED - PREPARED) / len(request.folds)
        mine = span_of(report, PREPARED + number * step, PREPARED + (number + 1) * step)
        folds[fold] = _train_fold(request, version, data, start, fold, mine, cancel)
    model = _model(request, version, data)
    scores = _test(request, version, data, model, part_of(report, TRAINED, 1.0, "predicting the test set"), cancel)
    card = make_card(identity, request.as_json(), folds, scores, time.monotonic() - began)
    installed = store.install_trained(
        model.path, model.entry, {CARD: json_text(card), PAGE: card_page(card)}, overwrite=True
    )
    return TrainedModel(installed, card, request.folder / PREDICTIONS)


def _train_fold(
    request: TrainingRequest,
    version: Version,
    data: TrainingData,
    start: Start | None,
    fold: str,
    report: Report,
    cancel: Callable[[], bool] | None,
) -> FoldResult:
    """Train a fold, predict what it holds back, and score that."""
    settings = replace(request.settings, fold=data.index_of(version, fold))
    results = train(
        data.workspace,
        data.dataset,
        settings,
        begin=start.filling(fold, data.outputs.meanings) if start else None,
        progress=part_of(report, 0.0, TRAINING_SHARE, f"training fold {fold}", timed=True),
        cancel=cancel,
    )
    held_back = data.held_back(version, fold)
    target = request.folder / PREDICTIONS / f"fold_{fold}"
    predict_cases(
        _inside(results, _entry(request, version, data, (str(settings.fold),))),
        held_back,
        target,
        opinions=True,
        device=settings.device,
        progress=part_of(report, TRAINING_SHARE, 1.0, f"predicting what fold {fold} held back"),
        cancel=cancel,
    )
    trained = {case.case for case in data.record.cases if case.split == "train"} - held_back.names
    return FoldResult(
        fold,
        trained=len(trained),
        held_back=len(held_back.names),
        began_from=f"{request.start}, fold {start.weights_for(fold)[0]}" if start else "",
        new_outputs=start.lacking(data.outputs.meanings) if start else (),
        may_have_seen=bool(held_back.names) and may_have_seen(start, fold),
        scores=score_cases(held_back, target),
    )


def _model(request: TrainingRequest, version: Version, data: TrainingData) -> InstalledModel:
    """Write the folds that are trained for inference, and return them as one model."""
    (results,) = (data.workspace.results / data.dataset).glob("*__*__*")
    return _inside(export_for_inference(results, request.folder / "model"), _entry(request, version, data))


def _inside(results: Path, entry: ModelEntry) -> InstalledModel:
    """Return a model that lies in the folder of its training."""
    return InstalledModel(entry, results, hashes_below(results), "training")


def _test(
    request: TrainingRequest,
    version: Version,
    data: TrainingData,
    model: InstalledModel,
    progress: Callable[[float, str], None],
    cancel: Callable[[], bool] | None,
) -> list[CaseMetrics]:
    """Predict and score the frozen test set with all folds together."""
    exported = data.tested(version)
    target = request.folder / PREDICTIONS / "test"
    _drop_those_of_other_weights(target, model)
    predict_cases(model, exported, target, device=request.settings.device, progress=progress, cancel=cancel)
    return score_cases(exported, target)


def _drop_those_of_other_weights(target: Path, model: InstalledModel) -> None:
    """Remove predictions that were made before another fold was trained."""
    note = target / ".weights.json"
    if read_json(note).content != model.hashes:
        shutil.rmtree(target, ignore_errors=True)
        write_json(note, model.hashes)


def _entry(
    request: TrainingRequest, version: Version, data: TrainingData, folds: tuple[str, ...] | None = None
) -> ModelEntry:
    """Return what the store is told about the model, or about one of its folds."""
    numbers = data.record.numbers
    return ModelEntry(
        request.name,
        version.sha256[:12],
        f"{version.mask_type.name}, trained on {version.name}",
        contrasts=tuple(sorted({row.contrast for row in version.rows})),
        channels=data.record.channels,
        orientation=data.record.orientation,
        scheme=version.mask_type.scheme_name,
        values=dict(enumerate(numbers.values, start=1)),
        parts=None if data.record.preparation.parts == "whole" else data.record.preparation.parts,
        folds=folds,
        mirroring=request.settings.mirroring,
    )
