"""The one driver of nnU-Net's training: in this process, with progress, cancel, and a way to go on.

``workers`` of the settings may prepare batches in processes of their own; without them no worker pool can hang.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..models.devices import choose_device
from ..models.loading import quiet
from .nnunet_planning import PLANS, Progress
from .nnunet_workspace import Workspace, require_nnunet
from .settings import TrainingSettings


def train(
    workspace: Workspace,
    dataset: str,
    settings: TrainingSettings,
    *,
    begin: Callable[[Any], None] | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Path:
    """Train one fold, or go on with a training that was stopped.

    With the same settings, data and machine, and without ``workers``, the result is the same bit for bit, whether it
    was stopped in between or not (on a graphics card up to rounding).

    Parameters
    ----------
    workspace, dataset
        As they were prepared, see :func:`.nnunet_planning.prepare`.
    settings
        What to train, and how.
    begin
        Called with the new network before its first epoch, to fill in weights of another model.
    progress, cancel
        Called with the part that is done and the epoch, and asked, before each step.

    Returns
    -------
    Path
        nnU-Net's results folder (``TRAINER__PLANS__CONFIGURATION``), with ``fold_N/checkpoint_final.pth`` in it.

    Raises
    ------
    CancelledError
        ``cancel`` returned True; the next call goes on with the epoch that was stopped.
    InputError
        The dataset was not prepared.
    MissingDependencyError
        nnU-Net is not installed.
    """
    require_nnunet()
    folder = workspace.preprocessed / dataset
    if not (folder / PLANS).is_file():
        raise InputError(f"{dataset} was not prepared.", "Plan and preprocess it first.")
    with workspace.active(settings.workers), quiet():
        import torch

        from .trainer import RefineTrainer

        torch.manual_seed(settings.seed)
        np.random.seed(settings.seed)  # noqa: NPY002 - nnU-Net's augmentation draws from the global generator
        device = choose_device(settings.device)
        plans = json.loads((folder / PLANS).read_text(encoding="utf-8"))
        description = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        trainer = RefineTrainer(
            {**plans, "continue_training": False},
            settings.configuration,
            settings.fold,
            description,
            device,
        ).configure(settings, progress or (lambda _part, _text: None), cancel or (lambda: False))
        trainer.device = device  # nnU-Net's own choice is always the first graphics card
        results = Path(trainer.output_folder_base)
        if (Path(trainer.output_folder) / "checkpoint_final.pth").is_file():
            return results
        if trainer.latest.is_file():
            trainer.load_checkpoint(str(trainer.latest))
        elif begin is not None:
            trainer.initialize()
            begin(trainer.bare_network)
        trainer.run_training()
    return results
