"""From files to a model that can predict: everything checked, networks built, nothing run from the files."""

from __future__ import annotations

import colorsys
import contextlib
import io
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..anatomy import LabelEntry, LabelScheme, Structure, scheme
from ..errors import MissingDependencyError, ModelError
from .checkpoint import Checkpoint, import_torch, load_checkpoint
from .folder import ResultsFolder
from .installed import InstalledModel
from .network import build_network
from .plan_checks import check_plans
from .registry import ModelEntry

_ONE_TRAINING = "plans.json, dataset.json and the checkpoints of all folds must come from the same training."


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model in memory, ready for any number of images.

    Parameters
    ----------
    entry
        What is known about it.
    folder
        Its results folder.
    plans, configuration, labels
        nnU-Net's managers of the plans, of the trained configuration and of the labels.
    networks
        One network per fold, by fold name, on the CPU until a prediction moves them.
    mirror_axes
        Axes along which mirrored copies may vote, or None.
    orientation
        Letters that the array must have, or None for the file's own.
    scheme
        Label scheme of the result.
    table
        Value of the scheme for each value of the model, as a lookup array.
    identity
        Names, hashes and settings that go to the provenance of every prediction.
    load_seconds
        Time that loading took.
    runners
        The networks made ready by :func:`.backends.runners_for`, kept from image to image.
    """

    entry: ModelEntry
    folder: ResultsFolder
    plans: Any
    configuration: Any
    labels: Any
    networks: Mapping[str, Any]
    mirror_axes: tuple[int, ...] | None
    orientation: str | None
    scheme: LabelScheme
    table: np.ndarray
    identity: Mapping[str, object]
    load_seconds: float
    runners: dict[Any, Any] = field(default_factory=dict)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Name of each output channel of the network: classes with the background first, or regions."""
        names = [name for name, value in self.folder.label_names.items() if name != "ignore"]
        if self.labels.has_regions:
            return tuple(name for name in names if self.folder.label_names[name] not in (0, (0,)))
        return tuple(sorted(names, key=lambda name: self.folder.label_names[name]))


def load_model(installed: InstalledModel) -> LoadedModel:
    """Verify, check and load an installed nnU-Net model.

    Raises
    ------
    ChecksumError
        A file is not what was installed.
    UnsafeModelError
        A checkpoint or the plans ask for code outside the allow-lists.
    ModelError
        The model is incomplete, damaged, or of a kind that is not run here (a cascade's second stage).
    MissingDependencyError
        PyTorch or nnU-Net is not installed.
    """
    started = time.perf_counter()
    entry = installed.entry
    folder = installed.results_folder()
    installed.verify()
    paths = folder.checkpoints(entry.checkpoints, entry.folds)
    checkpoints = {fold: load_checkpoint(path) for fold, path in paths.items()}
    first = _agreeing(checkpoints, folder)
    plans, configuration, labels = _managers(folder, first.configuration)
    networks = {
        fold: build_network(
            configuration.configuration["architecture"],
            folder.channel_count,
            labels.num_segmentation_heads,
            checkpoint.weights,
        )
        for fold, checkpoint in checkpoints.items()
    }
    target = scheme(entry.scheme) if entry.scheme else scheme_of_model(entry.name, folder)
    return LoadedModel(
        entry=entry,
        folder=folder,
        plans=plans,
        configuration=configuration,
        labels=labels,
        networks=networks,
        mirror_axes=first.mirror_axes if entry.mirroring else None,
        orientation=folder.orientation or entry.orientation,
        scheme=target,
        table=_value_table(entry, folder, target),
        identity=_identity(installed, first, {fold: path.name for fold, path in paths.items()}),
        load_seconds=time.perf_counter() - started,
    )


def scheme_of_model(name: str, folder: ResultsFolder) -> LabelScheme:
    """Make a label scheme from the names in ``dataset.json``, for models whose values no scheme of ours describes."""
    entries = []
    for value, label in sorted(_output_values(folder).items()):
        # Steps of the golden ratio around the colour circle keep neighbours apart.
        red, green, blue = colorsys.hsv_to_rgb(value * 0.618 % 1, 0.65, 0.95)
        color = (round(255 * red), round(255 * green), round(255 * blue))
        entries.append(LabelEntry(value, label, Structure(f"{name}:{label}", "model_label", label), color))
    return LabelScheme(name, tuple(entries))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what nnU-Net prints and warns about while it is set up away from the user's terminal."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _agreeing(checkpoints: Mapping[str, Checkpoint], folder: ResultsFolder) -> Checkpoint:
    first = next(iter(checkpoints.values()))
    for fold, checkpoint in checkpoints.items():
        if checkpoint.configuration != first.configuration:
            raise ModelError(
                f"The folds of {folder.path} were trained for different configurations "
                f"({first.configuration}; fold {fold}: {checkpoint.configuration}).",
                _ONE_TRAINING,
            )
    return first


def _managers(folder: ResultsFolder, configuration_name: str) -> tuple[Any, Any, Any]:
    import_torch()
    try:
        with quiet():
            from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
    except ImportError as error:
        raise MissingDependencyError(
            "nnU-Net is needed to run a model and is not installed.", "Install spine-gt-refine[models]."
        ) from error
    if configuration_name not in folder.plans["configurations"]:
        raise ModelError(
            f"{folder.path / 'plans.json'} lacks the configuration {configuration_name!r} that the checkpoint states.",
            _ONE_TRAINING,
        )
    try:
        with quiet():
            plans = PlansManager(dict(folder.plans))
            configuration = plans.get_configuration(configuration_name)
            # Names first: everything after this line may look classes up by name.
            check_plans(folder.plans, configuration.configuration, folder.channel_count)
            labels = plans.get_label_manager({**folder.dataset, "labels": _plain_labels(folder)})
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError, RuntimeError) as error:
        raise ModelError(
            f"{folder.path}: plans.json and dataset.json do not fit together: {error!r}.", _ONE_TRAINING
        ) from error
    if configuration.previous_stage_name is not None:
        raise ModelError(
            f"{configuration_name} is the second stage of a cascade, which is not run here.",
            "Install the 3d_fullres or the 3d_lowres configuration of the model.",
        )
    return plans, configuration, labels


def _plain_labels(folder: ResultsFolder) -> dict[str, int | list[int]]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in folder.label_names.items()}


def _output_values(folder: ResultsFolder) -> dict[int, str]:
    """Each value that the model can write, with its name; regions write the values of ``regions_class_order``."""
    names = {name: value for name, value in folder.label_names.items() if name != "ignore" and value not in (0, (0,))}
    order = folder.dataset.get("regions_class_order")
    if order is not None and any(isinstance(value, tuple) for value in names.values()):
        return {int(value): name for name, value in zip(names, order, strict=True)}
    return {int(value): name for name, value in names.items()}  # type: ignore[arg-type]


def _value_table(entry: ModelEntry, folder: ResultsFolder, target: LabelScheme) -> np.ndarray:
    values = sorted(_output_values(folder))
    mapped = {value: (entry.values or {}).get(value, value) for value in values}
    # Some published models declare classes that never occur (level 1 of the rootlets); those may become background.
    if entry.scheme and not any(value in target for value in mapped.values()):
        raise ModelError(
            f"The model {entry.name} writes the values {values}, none of which the label scheme {target.name!r} has.",
            "Install it with another --scheme.",
        )
    table = np.zeros(max(values) + 1, dtype=np.uint8 if max(mapped.values()) < 256 else np.uint16)
    for value, result in mapped.items():
        table[value] = result
    return table


def _identity(installed: InstalledModel, checkpoint: Checkpoint, files: Mapping[str, str]) -> dict[str, object]:
    entry = installed.entry
    return {
        "model": entry.name,
        "version": entry.version,
        "source": installed.source,
        "archive_sha256": installed.archive_sha256,
        "checkpoints": {
            f"fold_{fold}/{name}": installed.hashes.get(f"fold_{fold}/{name}") for fold, name in files.items()
        },
        "configuration": checkpoint.configuration,
        "trainer": checkpoint.trainer,
        "license": entry.license,
    }
