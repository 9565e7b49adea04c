"""How a model does on the frozen test set of a version, whoever trained it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...fileops import sha256_of_bytes
from ...models import InstalledModel
from ..evaluation import CaseMetrics
from ..exchange import ExportRecord, ExportSettings, export_version
from ..preparation import Preparation
from ..versions import Version
from .card import card_of
from .predictions import ExportedCases, predict_cases, score_cases
from .request import NUMBER

DIGITS = 12
"""Of the hashes in a folder's name: enough to tell apart what lies side by side."""


def scores_on_test_set(
    model: InstalledModel,
    version: Version,
    folder: Path,
    *,
    device: str = "auto",
    progress: Callable[[float, str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> list[CaseMetrics]:
    """Predict and score the test cases of a version; empty if it has none.

    A model that was trained here sees the cases as it was trained (slices, the box around the cord), others see whole
    images. The masks are kept, so that nothing is predicted twice.

    Parameters
    ----------
    model
        An installed model.
    version
        The version.
    folder
        Where the masks are kept, in a folder of this model and test set.
    device, progress, cancel
        As for :func:`.predictions.predict_cases`.

    Raises
    ------
    ChangedOnDiskError
        A file of the test set is not that of the version any more.
    CancelledError
        ``cancel`` returned True; the next call goes on.
    """
    rows = version.cases("test")
    if not rows:
        return []
    place = folder / f"{model.entry.name}-{_weights(model)[:DIGITS]}-{version.test_sha256[:DIGITS]}"
    tested = replace(version, rows=rows)
    raw = export_version(tested, place / "raw", _export_settings(model), cancel=cancel)
    exported = ExportedCases(tested, raw, ExportRecord.read(raw).cases)
    predict_cases(model, exported, place, device=device, progress=progress, cancel=cancel)
    scores = score_cases(exported, place)
    shutil.rmtree(place / "raw", ignore_errors=True)
    return scores


def _export_settings(model: InstalledModel) -> ExportSettings:
    card = card_of(model)
    if card is None:
        return ExportSettings(NUMBER, "Test", orientation=model.entry.orientation or "RAS")
    export = card["Export"]
    return ExportSettings(
        NUMBER,
        "Test",
        tuple(export["channels"]),
        export["orientation"],
        export["partial"],
        Preparation.from_json(export["preparation"]),
    )


def _weights(model: InstalledModel) -> str:
    """Return one hash of the files of the folds that vote."""
    folds = model.entry.folds
    names = [name for name in sorted(model.hashes) if folds is None or name.split("/")[0][5:] in (*folds, "")]
    return sha256_of_bytes("\n".join(model.hashes[name] for name in names).encode())
