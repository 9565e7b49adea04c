"""``train``: train a model on a dataset version."""

from __future__ import annotations

import typer

from ..errors import UsageError
from .export_options import (
    ChannelOption,
    DilateOption,
    EndsOption,
    MarginOption,
    OrientationOption,
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
    ConfigurationOption,
    EpochsOption,
    FoldOption,
    KeepOption,
    LearningRateOption,
    MemoryOption,
    ModelNameOption,
    RegionOption,
    SeedOption,
    SettingsOption,
    Trainer,
    TrainerOption,
    TrainingDeviceOption,
    WorkersOption,
    WorkOption,
)
from .version_options import FolderOption, NameArgument, open_version


def train(
    ctx: typer.Context,
    dataset: DatasetArgument,
    version: NameArgument,
    name: ModelNameOption = None,
    trainer: TrainerOption = None,
    region: RegionOption = None,
    settings: SettingsOption = "nnunet",
    configuration: ConfigurationOption = None,
    fold: FoldOption = None,
    epochs: EpochsOption = None,
    learning_rate: LearningRateOption = None,
    memory_gb: MemoryOption = None,
    device: TrainingDeviceOption = None,
    workers: WorkersOption = None,
    seed: SeedOption = None,
    channel: ChannelOption = None,
    orientation: OrientationOption = "RAS",
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
    """Train a model on a version, with nnU-Net, and install it.

    The files are compared with the version first. Each fold judges the cases that it did not see, all folds together
    the frozen test set; the figures are on the model's card. Ctrl+C stops at the last epoch, and the same command goes
    on from there.

    For example:

    `spine-gt-refine train DATASET D1 --settings small`, a first try without a graphics card;

    `spine-gt-refine train DATASET D1 --epochs 250 --workers 8`, a full network on a graphics card;

    `spine-gt-refine train DATASET D1 --trainer regions --fold 0`, for gray matter inside the cord, one fold.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.training import settings_of, training_request
    from ..learning.training.regions import usual_regions

    chosen = open_version(Dataset.open(dataset, output), versions, version)
    regions = _regions(region or [])
    if trainer is Trainer.REGIONS:
        regions = regions or usual_regions(chosen.mask_type.name)
    elif regions:
        raise UsageError("Regions were named, and the trainer learns labels.", "Add --trainer regions.")
    request = training_request(
        chosen,
        name=name,
        folder=work,
        settings=settings_of(
            settings,
            configuration=configuration,
            epochs=epochs,
            learning_rate=learning_rate,
            memory_gb=memory_gb,
            device=device,
            workers=workers,
            seed=seed,
            mirroring=None if trainer is None else trainer is Trainer.MIRRORING,
        ),
        folds=fold or (),
        regions=regions,
        channels=tuple(channel or ()),
        orientation=orientation,
        partial=known_partial(partial),
        preparation=preparation_of(parts, slice_axis, margin, ends, zero_below, dilate),
    )
    train_and_show(terminal, request, python, keep_prepared=keep_prepared)


def _regions(texts: list[str]) -> dict[str, tuple[str, ...]]:
    regions = {}
    for text in texts:
        name, _, keys = text.partition("=")
        if not name or not keys:
            raise UsageError(f"--region {text!r} is not NAME=STRUCTURE,STRUCTURE.", "For example: --region cord=wm,gm")
        regions[name] = tuple(key.strip() for key in keys.split(","))
    return regions
