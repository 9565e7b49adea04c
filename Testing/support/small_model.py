"""The small model of the loop: trained by the project's own training, eight seconds of one core."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

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
from SpineGTRefineLib.models.installed import InstalledModel, hashes_below
from SpineGTRefineLib.models.registry import ModelEntry

DATASET = "Dataset950_Loop"


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

    def train(self, images: Sequence[Image], masks: Sequence[LabelMap], seed: int) -> InstalledModel:
        """Train anew; equal masks and seeds give equal models, and other masks are the only thing that differs."""
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
            epochs=4,
            iterations_per_epoch=50,
            validation_iterations=1,
            learning_rate=1e-2,
            optimizer="adamw",
            small=self._small,
            device="cpu",
            seed=seed,
            save_every=100,
        )
        prepare(workspace, DATASET, settings)
        folder = export_for_inference(train(workspace, DATASET, settings), self._work / "model")
        entry = ModelEntry(
            "loop",
            "1",
            "Small model of the loop",
            orientation="ASR",
            scheme=numbers.scheme_name,
            values=dict(enumerate(numbers.values, start=1)),
        )
        return InstalledModel(entry, folder, hashes_below(folder), "loop")


def draw_with(model: InstalledModel, images: Sequence[Image]) -> list[LabelMap]:
    """Return what a model makes of images."""
    loaded = load_model(model)
    return [predict([image], loaded, device="cpu").labels for image in images]
