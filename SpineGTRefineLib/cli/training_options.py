"""Options of ``train`` and ``finetune``: what is learned, how long, and where.

Those that stand in a file of settings, too, are None unless they are given: the file's values count then.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Trainer(StrEnum):
    """What the network learns, and from which views of the images."""

    NO_MIRRORING = "no-mirroring"
    MIRRORING = "mirroring"
    REGIONS = "regions"


ModelNameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Name of the model. Default: mask and version, such as canal_D1."),
]

TrainerOption = Annotated[
    Trainer | None,
    typer.Option(
        "--trainer",
        help="no-mirroring (the default); mirroring (nnU-Net's own, for structures without left and right, up and "
        "down); regions (nested regions instead of labels, not mirrored).",
    ),
]

RegionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        metavar="NAME=STRUCTURE,...",
        help="A region and its structures, from the outer to the inner one; repeat. Default: those known for the "
        "kind of mask.",
    ),
]

FreezeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--freeze",
        metavar="PART",
        help="Part of the network that learns nothing: encoder, encoder:2 (its first two stages), decoder; repeat.",
    ),
]

SettingsOption = Annotated[
    str,
    typer.Option(
        "--settings",
        metavar="NAME|FILE",
        help="nnunet (a day on a graphics card), short (a quarter of that), small (a quarter of an hour on two "
        "cores), or a TOML file like these.",
    ),
]

ConfigurationOption = Annotated[
    str | None, typer.Option("--configuration", metavar="NAME", help="3d_fullres (the default), 3d_lowres or 2d.")
]

FoldOption = Annotated[
    list[str] | None,
    typer.Option("--fold", metavar="N", help="Only this fold; repeat for more; all for one network of all cases."),
]

EpochsOption = Annotated[
    int | None,
    typer.Option(
        "--epochs", metavar="N", min=1, help="Length of the training. Default: that of the settings; to fine-tune, 100."
    ),
]

LearningRateOption = Annotated[
    float | None,
    typer.Option(
        "--learning-rate",
        metavar="X",
        help="At the start; it falls to 0 at the end. Default: that of the settings; to fine-tune, 0.001.",
    ),
]

MemoryOption = Annotated[
    float | None,
    typer.Option("--memory-gb", metavar="GB", min=1.0, help="Memory of the graphics card to plan the network for (8)."),
]

TrainingDeviceOption = Annotated[
    str | None, typer.Option("--device", help="auto (the default), cpu, cuda, cuda:1 or mps.")
]

WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=0,
        help="Processes that prepare batches, to keep a graphics card busy. With 0, the default, a training can be "
        "repeated exactly.",
    ),
]

SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Of the first weights and the augmentation (0).")
]

WorkOption = Annotated[
    Path | None,
    typer.Option(
        "--work",
        metavar="FOLDER",
        help="Where the training is kept. Default: .spine-gt-refine/trainings/NAME in the output of the dataset.",
    ),
]

KeepOption = Annotated[
    bool,
    typer.Option("--keep-prepared", help="Keep the preprocessed copies of the cases, to train other folds sooner."),
]
