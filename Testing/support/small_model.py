"""The small model of the loop: the project's own training, eight seconds of one core anew, four to go on."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from nnunetv2.training.logging.nnunet_logger import LocalLogger

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.imaging import Image, LabelMap
from SpineGTRefineLib.learning.exchange.numbers import LabelNumbers
from SpineGTRefineLib.learning.export import export_for_inference
from SpineGTRefineLib.learning.nnunet_planning import prepare
from SpineGTRefineLib.learning.nnunet_training import train
from SpineGTRefineLib.learning.nnunet_workspace import Workspace
from SpineGTRefineLib.learning.raw_dataset import TrainingCase, write_raw_dataset
from SpineGTRefineLib.learning.settings import SmallNetwork, TrainingSettings
from SpineGTRefineLib.models import load_model, predict
from SpineGTRefineLib.models.checkpoint import load_checkpoint
from SpineGTRefineLib.models.installed import InstalledModel, hashes_below
from SpineGTRefineLib.models.registry import ModelEntry

DATASET = "Dataset950_Loop"
CHECKPOINT = Path("fold_all", "checkpoint_final.pth")

NEW = {"epochs": 20, "learning_rate": 1e-2}
GOING_ON = {"epochs": 10, "learning_rate": 3e-3}
"""Epochs are short since the learning rate falls between them: at its end, trainings differ by their masks only."""


class SmallModel:
    """Learns slices of a few structures of the scheme ``spine``.

    Parameters
    ----------
    work
        Folder for its files; what is in it is removed before each training.
    structures
        Keys of what it draws; the same for every training, whatever a mask lacks.
    spacing, field
        Voxel size in mm and size of a slice in voxels (across, down) that it works at.
    """

    def __init__(self, work: Path, structures: Sequence[str], spacing: float, field: tuple[int, int]) -> None:
        house = scheme("spine")
        self._work = work
        self._numbers = LabelNumbers.of(house.name, [house.value_of(key) for key in structures])
        self._small = SmallNetwork((spacing,) * 2, field[::-1], features=(8, 16, 32), batch_size=4)

    def train(
        self, images: Sequence[Image], masks: Sequence[LabelMap], seed: int, begin: Mapping[str, Any] | None = None
    ) -> InstalledModel:
        """Train anew, or go on from weights. The same masks, seed and weights give the same model."""
        shutil.rmtree(self._work, ignore_errors=True)
        workspace, numbers = Workspace(self._work), self._numbers
        cases = [
            TrainingCase(f"case_{n}", [image], LabelMap(numbers.number(mask.array), mask.geometry, numbers.scheme))
            for n, (image, mask) in enumerate(zip(images, masks, strict=True))
        ]
        write_raw_dataset(workspace.raw, DATASET, cases, channels=["MRI"], labels=numbers.by_name)
        settings = TrainingSettings(
            configuration="2d",
            fold="all",
            iterations_per_epoch=10,
            validation_iterations=1,
            optimizer="adamw",
            small=self._small,
            device="cpu",
            seed=seed,
            save_every=100,
            **(NEW if begin is None else GOING_ON),
        )
        prepare(workspace, DATASET, settings)
        fill = None if begin is None else lambda network: network.load_state_dict(begin)
        # nnU-Net draws its progress after each epoch, which takes as long as an epoch of this size.
        with mock.patch.object(LocalLogger, "plot_progress_png"):
            results = train(workspace, DATASET, settings, begin=fill)
        folder = export_for_inference(results, self._work / "model", half=False)
        entry = ModelEntry(
            "loop",
            "1",
            "Small model of the loop",
            orientation="ASR",
            scheme=numbers.scheme_name,
            values=dict(enumerate(numbers.values, start=1)),
        )
        return InstalledModel(entry, folder, hashes_below(folder), "loop")


def weights_of(model: InstalledModel) -> dict[str, Any]:
    """Return the weights of a model of this kind, to go on from."""
    return dict(load_checkpoint(model.path / CHECKPOINT).weights)


def draw_with(model: InstalledModel, images: Sequence[Image]) -> list[LabelMap]:
    """Return what a model makes of images."""
    loaded = load_model(model)
    return [predict([image], loaded, device="cpu").labels for image in images]
