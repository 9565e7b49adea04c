"""``ship``: the best fold of a trained model, and whether it replaces the champion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from .learning_jobs import run_in_worker
from .options import DatasetArgument, DeviceOption, JsonOption, OutputOption, PythonOption
from .terminal import Terminal, terminal_of
from .version_options import FolderOption


def ship(
    ctx: typer.Context,
    dataset: DatasetArgument,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model that `train` or `finetune` made.")],
    as_name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Name of the shipped model. Default: MODEL-foldN.")
    ] = None,
    device: DeviceOption = "auto",
    python: PythonOption = None,
    versions: FolderOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Install the best fold of a model alone, and let it challenge the champion of the dataset.

    One fold is nearly as good as all, and several times faster and smaller. The champion is the model that was shipped
    first, until a paired comparison on the frozen test set calls another one better; see `compare`.

    For example:

    `spine-gt-refine ship DATASET canal_D2`;

    `spine-gt-refine run DATASET --recipe canal --model champion`, to use the champion.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.training.jobs import shipping_job

    job = shipping_job(Dataset.open(dataset, output), model, as_name=as_name, versions=versions, device=device)
    result = run_in_worker(terminal, f"Shipping {model}", job, python)
    terminal.answer(result, lambda: _show(terminal, result))


def _show(terminal: Terminal, result: Mapping[str, Any]) -> None:
    challenge = result["challenge"]
    terminal.say(f"Fold {result['fold']} is the best; it is installed as {result['model']}.")
    terminal.say(f"{challenge['verdict'].upper()}. {challenge['reason']}")
    if challenge["promoted"]:
        terminal.say(f"{result['model']} is the champion for {challenge['mask_type']} masks now.", "green")
    else:
        terminal.say(f"{challenge['champion']} stays the champion for {challenge['mask_type']} masks.")
