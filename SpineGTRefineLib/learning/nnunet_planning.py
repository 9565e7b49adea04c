"""The one driver of nnU-Net's planning and preprocessing.

Everything runs in this process, one case at a time, so that progress and cancel work and no worker pool can hang. The
parts are nnU-Net's own; only the loops around them are ours.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CancelledError, InputError, UsageError
from ..fileops import write_text_atomic
from ..models.loading import quiet
from .nnunet_workspace import Workspace, listing_on_threads, require_nnunet
from .settings import SmallNetwork, TrainingSettings

Progress = Callable[[float, str], None]
"""Called with the part that is done, 0 to 1, and what is done now."""

PLANS, SPLITS = "nnUNetPlans.json", "splits_final.json"
"""Names of nnU-Net's files beside preprocessed cases: what is planned, and which cases each fold holds back."""

FINGERPRINT_SAMPLES = 10_000_000
"""Foreground voxels sampled over all cases for the intensity statistics; nnU-Net's number."""


def prepare(
    workspace: Workspace,
    dataset: str,
    settings: TrainingSettings,
    *,
    plans: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> None:
    """Measure a raw dataset, plan its network and preprocess its cases.

    A dataset that is prepared already is prepared anew.

    Parameters
    ----------
    workspace
        Holds ``raw/DATASET``, see :func:`.raw_dataset.write_raw_dataset`.
    dataset
        ``DatasetNNN_Name``.
    settings
        Configuration and, if wanted, the smaller network.
    plans
        Plans of a trained model: its network, voxel size and normalization are kept. None to plan anew.
    progress, cancel
        Called and asked between cases.

    Raises
    ------
    InputError
        The dataset holds no cases.
    UsageError
        nnU-Net plans no network of this configuration for these cases.
    CancelledError
        ``cancel`` returned True; running it again begins anew.
    MissingDependencyError
        nnU-Net is not installed.
    """
    require_nnunet()
    from nnunetv2.utilities.utils import get_filenames_of_train_images_and_targets

    step = _Steps(progress, cancel)
    with workspace.active(), listing_on_threads(), quiet():
        raw = workspace.raw / dataset
        description = json.loads((raw / "dataset.json").read_text(encoding="utf-8"))
        cases = get_filenames_of_train_images_and_targets(str(raw), description)
        if not cases:
            raise InputError(f"{raw} holds no training cases.")
        step.total = 2 * len(cases)
        fingerprint = _fingerprint(cases, description, step)
        folder = workspace.preprocessed / dataset
        write_text_atomic(folder / "dataset_fingerprint.json", json.dumps(fingerprint))
        chosen = _plan(dataset, settings) if plans is None else {**plans, "dataset_name": dataset}
        if settings.configuration not in chosen["configurations"]:
            raise UsageError(
                f"nnU-Net plans no {settings.configuration} for these cases: they are not large enough, or flat.",
                f"Choose {' or '.join(chosen['configurations'])}, and another name for that training.",
            )
        write_text_atomic(folder / "dataset.json", json.dumps(description, indent=2))
        write_text_atomic(folder / PLANS, json.dumps(chosen, indent=2))
        if (raw / SPLITS).is_file():
            write_text_atomic(folder / SPLITS, (raw / SPLITS).read_text(encoding="utf-8"))
        _preprocess(folder, cases, chosen, settings.configuration, description, step)


def is_prepared(workspace: Workspace, dataset: str, settings: TrainingSettings) -> bool:
    """Whether :func:`prepare` has ended for a dataset and a configuration."""
    folder = workspace.preprocessed / dataset
    if not (folder / PLANS).is_file():
        return False
    plans = json.loads((folder / PLANS).read_text(encoding="utf-8"))
    identifier = plans["configurations"].get(settings.configuration, {}).get("data_identifier")
    return identifier is not None and (folder / str(identifier)).is_dir()


class _Steps:
    """Counts cases over all stages, and passes on progress and cancel."""

    def __init__(self, progress: Progress | None, cancel: Callable[[], bool] | None) -> None:
        self._progress = progress or (lambda _part, _text: None)
        self._cancel = cancel or (lambda: False)
        self._done = 0
        self.total = 1

    def next(self, text: str) -> None:
        if self._cancel():
            raise CancelledError("The preparation was stopped.")
        self._progress(self._done / self.total, text)
        self._done += 1


def _fingerprint(cases: Mapping[str, Any], description: Mapping[str, Any], step: _Steps) -> dict[str, Any]:
    """Shapes, spacings and intensities of all cases, as nnU-Net's planner reads them."""
    from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import DatasetFingerprintExtractor
    from nnunetv2.imageio.reader_writer_registry import determine_reader_writer_from_dataset_json

    reader = determine_reader_writer_from_dataset_json(description, next(iter(cases.values()))["images"][0])
    measured = []
    for name, case in cases.items():
        step.next(f"measuring {name}")
        measured.append(
            DatasetFingerprintExtractor.analyze_case(
                case["images"], case["label"], reader, FINGERPRINT_SAMPLES // len(cases)
            )
        )
    channels = range(len(measured[0][2]))
    intensities = {channel: np.concatenate([case[2][channel] for case in measured]) for channel in channels}
    return {
        "spacings": [[float(length) for length in case[1]] for case in measured],
        "shapes_after_crop": [[int(size) for size in case[0]] for case in measured],
        "foreground_intensity_properties_per_channel": {
            str(channel): _statistics(values) for channel, values in intensities.items()
        },
        "median_relative_size_after_cropping": float(np.median([case[4] for case in measured])),
    }


def _statistics(values: np.ndarray) -> dict[str, float]:
    low, median, high = np.percentile(values, (0.5, 50.0, 99.5))
    return {
        "mean": float(values.mean()),
        "median": float(median),
        "std": float(values.std()),
        "min": float(values.min()),
        "max": float(values.max()),
        "percentile_00_5": float(low),
        "percentile_99_5": float(high),
    }


def _plan(dataset: str, settings: TrainingSettings) -> dict[str, Any]:
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner

    plans: dict[str, Any] = ExperimentPlanner(dataset, settings.memory_gb).plan_experiment()
    if settings.small is not None:
        configuration = plans["configurations"].setdefault(
            settings.configuration, json.loads(json.dumps(plans["configurations"]["2d"]))
        )
        configuration.update(_small_configuration(configuration, settings.small, settings.configuration))
        plans["transpose_forward"] = plans["transpose_backward"] = [0, 1, 2]
    return plans


def _small_configuration(planned: Mapping[str, Any], small: SmallNetwork, name: str) -> dict[str, Any]:
    """Return the fields of a configuration that make the network small, in the dimensions of its patch."""
    stages, dimensions = len(small.features), len(small.patch_size)
    architecture = planned["architecture"]
    return {
        "data_identifier": f"nnUNetPlans_{name}",
        "spacing": list(small.spacing),
        "patch_size": list(small.patch_size),
        "batch_size": small.batch_size,
        "batch_dice": dimensions == 3,
        "architecture": {
            **architecture,
            "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
            "arch_kwargs": {
                **architecture["arch_kwargs"],
                "n_stages": stages,
                "features_per_stage": list(small.features),
                "conv_op": f"torch.nn.modules.conv.Conv{dimensions}d",
                "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dimensions}d",
                "kernel_sizes": [[3] * dimensions] * stages,
                "strides": [[1] * dimensions, *[[2] * dimensions] * (stages - 1)],
                "n_conv_per_stage": [2] * stages,
                "n_conv_per_stage_decoder": [2] * (stages - 1),
            },
        },
    }


def _preprocess(
    folder: Path,
    cases: Mapping[str, Any],
    plans: dict[str, Any],
    configuration_name: str,
    description: dict[str, Any],
    step: _Steps,
) -> None:
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    manager = PlansManager(plans)
    configuration = manager.get_configuration(configuration_name)
    target = folder / configuration.data_identifier
    # A folder of this name is complete: a preparation that was stopped is not taken for a dataset.
    unfinished = folder / f".{configuration.data_identifier}"
    for old in (target, unfinished):
        shutil.rmtree(old, ignore_errors=True)
    unfinished.mkdir(parents=True)
    preprocessor = configuration.preprocessor_class(verbose=False)
    for name, case in cases.items():
        step.next(f"preprocessing {name}")
        preprocessor.run_case_save(
            str(unfinished / name), case["images"], case["label"], manager, configuration, description
        )
    unfinished.rename(target)
