"""From a version to what nnU-Net trains on: exported, planned, preprocessed, with the version's own folds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import UsageError
from ...fileops import write_text_atomic
from ..exchange import ExportRecord, export_version, numbers_of
from ..exchange.numbers import IGNORE
from ..nnunet_planning import SPLITS, is_prepared, prepare
from ..nnunet_workspace import Workspace
from ..versions import Version
from .predictions import ExportedCases
from .regions import Outputs, outputs_of
from .report import Report, part_of
from .request import ALL, TrainingRequest
from .start import Start

SHARE_OF_EXPORT = 0.3
"""Part of the preparation that reading and writing the cases takes, roughly."""


@dataclass(frozen=True)
class TrainingData:
    """A version made ready for a training.

    Parameters
    ----------
    workspace
        nnU-Net's folders.
    raw
        The dataset as it was exported.
    record
        The way back from it to the cases.
    outputs
        What the network learns.
    """

    workspace: Workspace
    raw: Path
    record: ExportRecord
    outputs: Outputs

    @property
    def dataset(self) -> str:
        """nnU-Net's name of the dataset."""
        return self.raw.name

    def index_of(self, version: Version, fold: str) -> int | str:
        """Return what nnU-Net calls a fold of the version: its place in the row of folds."""
        return ALL if fold == ALL else version.folds.index(int(fold))

    def held_back(self, version: Version, fold: str) -> ExportedCases:
        """Return the cases that a fold holds back; none where it trains on all."""
        names: set[str] = set()
        if fold != ALL:
            splits = json.loads((self.raw / SPLITS).read_text(encoding="utf-8"))
            names = set(splits[version.folds.index(int(fold))]["val"])
        return ExportedCases(version, self.raw, tuple(case for case in self.record.cases if case.name in names))

    def tested(self, version: Version) -> ExportedCases:
        """Return the cases of the frozen test set."""
        return ExportedCases(version, self.raw, tuple(case for case in self.record.cases if case.split == "test"))


def outputs_for(request: TrainingRequest, version: Version) -> Outputs:
    """Return what a network learns of a version; nothing is written.

    Raises
    ------
    DatasetError, LabelError
        No case has the contrast that is asked for, or no mask holds a label.
    UsageError
        A region cannot be learned, or the labels of the version are not those that the settings give a weight.
    """
    outputs = outputs_of(numbers_of(version, request.export), request.regions)
    weights = request.settings.label_weights
    if weights and (outputs.class_order or len(weights) != len(outputs.meanings)):
        names = ", ".join(("background", *(name for name in outputs.labels if name != IGNORE)))
        raise UsageError(
            f"The settings give {len(weights)} labels a weight, and {version.name} is learned as: {names}.",
            "Give each label one number in label_weights, background first; regions take none.",
        )
    return outputs


def make_ready(
    request: TrainingRequest,
    version: Version,
    start: Start | None,
    outputs: Outputs,
    report: Report,
    cancel: Callable[[], bool] | None = None,
) -> TrainingData:
    """Export a version, plan its network and preprocess its cases; what is there already is kept.

    Raises
    ------
    ChangedOnDiskError, DatasetError, GeometryError, LabelError
        See :func:`~SpineGTRefineLib.learning.exchange.export_version`.
    UsageError
        nnU-Net plans no network of this configuration for these cases.
    CancelledError
        ``cancel`` returned True; the next call goes on.
    """
    workspace = Workspace(request.folder / "nnunet")
    exporting = part_of(report, 0.0, SHARE_OF_EXPORT, "writing the cases")
    raw = export_version(
        version,
        workspace.raw,
        request.export,
        progress=lambda done, total, case: exporting(done / total, case),
        cancel=cancel,
    )
    _describe_regions(raw, outputs)
    if not is_prepared(workspace, raw.name, request.settings):
        prepare(
            workspace,
            raw.name,
            request.settings,
            plans=start.plans if start else None,
            progress=part_of(report, SHARE_OF_EXPORT, 1.0, "preparing the cases"),
            cancel=cancel,
        )
    return TrainingData(workspace, raw, ExportRecord.read(raw), outputs)


def remove_prepared(data: TrainingData) -> None:
    """Delete the copies of the cases; another fold would make them anew."""
    for folder in (data.workspace.raw, data.workspace.preprocessed):
        shutil.rmtree(folder, ignore_errors=True)


def _describe_regions(raw: Path, outputs: Outputs) -> None:
    """Let ``dataset.json`` name regions instead of labels, where regions are learned."""
    if not outputs.class_order:
        return
    path = raw / "dataset.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    described = {
        **description,
        "labels": {"background": 0, **outputs.labels},
        "regions_class_order": list(outputs.class_order),
    }
    if described != description:
        write_text_atomic(path, json.dumps(described, indent=2) + "\n")
