"""``finetune``: go on from an installed model with a dataset version."""

from __future__ import annotations

from typing import Annotated

import typer

from .export_options import (
    ChannelOption,
    DilateOption,
    EndsOption,
    MarginOption,
    PartialOption,
    PartsOption,
    SliceAxisOption,
    ZeroBelowOption,
    known_partial,
    preparation_of,
)
from .learning_jobs import train_and_show
from .options import DatasetArgument, JsonOption, OutputOption, PythonOption
from .terminal import terminal_of
from .training_options import (
    EpochsOption,
    FoldOption,
    FreezeOption,
    KeepOption,
    LearningRateOption,
    ModelNameOption,
    SeedOption,
    SettingsOption,
    TrainingDeviceOption,
    WorkersOption,
    WorkOption,
)
from .version_options import FolderOption, NameArgument, open_version


def finetune(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="An installed model; see: models list.")],
    dataset: DatasetArgument,
    version: NameArgument,
    name: ModelNameOption = None,
    freeze: FreezeOption = None,
    settings: SettingsOption = "nnunet",
    fold: FoldOption = None,
    epochs: EpochsOption = None,
    learning_rate: LearningRateOption = None,
    device: TrainingDeviceOption = None,
    workers: WorkersOption = None,
    seed: SeedOption = None,
    channel: ChannelOption = None,
    partial: PartialOption = "unfinished",
    parts: PartsOption = "whole",
    slice_axis: SliceAxisOption = "S",
    margin: MarginOption = 12.0,
    ends: EndsOption = None,
    zero_below: ZeroBelowOption = "",
    dilate: DilateOption = 0.0,
    work: WorkOption = None,
    keep_prepared: KeepOption = False,
    python: PythonOption = None,
    versions: FolderOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Train on a version from the weights of an installed model.

    Network, voxel size, normalization and orientation stay the model's own, and labels that it knows keep their
    outputs; labels that it does not know are learned from nothing. A fold goes on from the model's fold of the same
    number, so that cases which are held back stay unseen. Ctrl+C and the same command again: as for `train`.

    For example:

    `spine-gt-refine finetune canal_D1 DATASET D2`, after a round of corrections;

    `spine-gt-refine finetune cord_lumbar DATASET D1 --parts cord --freeze encoder:2 --learning-rate 1e-5`, a model of
    another region for few cases of this one.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.training import fine_tuning_of, training_request

    chosen = open_version(Dataset.open(dataset, output), versions, version)
    request = training_request(
        chosen,
        name=name,
        folder=work,
        settings=fine_tuning_of(
            settings,
            epochs=epochs,
            learning_rate=learning_rate,
            freeze=tuple(freeze) if freeze else None,
            device=device,
            workers=workers,
            seed=seed,
        ),
        folds=fold or (),
        start=model,
        channels=tuple(channel or ()),
        partial=known_partial(partial),
        preparation=preparation_of(parts, slice_axis, margin, ends, zero_below, dilate),
    )
    train_and_show(terminal, request, python, keep_prepared=keep_prepared)
