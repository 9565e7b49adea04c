"""From a training's results folder to the few files that inference needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..fileops import write_text_atomic
from ..models.checkpoint import load_checkpoint
from ..models.folder import read_results_folder


def export_for_inference(results: Path, target: Path, *, checkpoint: str = "final", half: bool = True) -> Path:
    """Write plans, dataset description and stripped checkpoints of all folds to the new folder ``target``.

    Optimizer state, logs and other configurations of the plans are left out; half precision halves the rest. The
    result is again an nnU-Net results folder, which plain nnU-Net reads as well.

    Raises
    ------
    ModelError
        The training has no checkpoint of this name.
    """
    import torch

    folder = read_results_folder(results)
    paths = folder.checkpoints([checkpoint], list(folder.folds))
    for fold, path in paths.items():
        content = load_checkpoint(path)
        place = target / f"fold_{fold}" / "checkpoint_final.pth"
        place.parent.mkdir(parents=True, exist_ok=True)
        stripped = {
            "network_weights": _lighter(content.weights, half=half),
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": content.configuration},
            "inference_allowed_mirroring_axes": content.mirror_axes,
        }
        torch.save(stripped, place)
    # All folds are of one configuration: it is part of the folder's name.
    trained = content.configuration
    plans = {**folder.plans, "configurations": {trained: folder.plans["configurations"][trained]}}
    write_text_atomic(target / "plans.json", json.dumps(plans, indent=1) + "\n")
    write_text_atomic(target / "dataset.json", json.dumps(folder.dataset, indent=1) + "\n")
    return target


def _lighter(weights: Mapping[str, Any], *, half: bool) -> dict[str, Any]:
    """Cast each tensor once: nnU-Net's networks list their encoder twice, and the file must hold it once."""
    cast: dict[int, Any] = {}
    for tensor in weights.values():
        if tensor.data_ptr() not in cast:
            cast[tensor.data_ptr()] = tensor.half() if half and tensor.is_floating_point() else tensor.clone()
    return {name: cast[tensor.data_ptr()] for name, tensor in weights.items()}
