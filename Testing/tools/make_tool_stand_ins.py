"""Train small stand-ins for the weights of TotalSpineSeg, on phantoms: its inputs and regions, none of its knowledge.

    python Testing/tools/make_tool_stand_ins.py FOLDER

``FOLDER/step1`` and ``FOLDER/step2`` then install like any model (``models install FOLDER/step1 --name
totalspineseg_step1_stand_in``). With them the real program runs from end to end where its own weights cannot be had.
They know lumbar phantoms and nothing else.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from SpineGTRefineLib.anatomy import LabelEntry, LabelScheme, scheme
from SpineGTRefineLib.anatomy.order import disc_below
from SpineGTRefineLib.anatomy.structures import structure
from SpineGTRefineLib.imaging import Image, LabelMap
from SpineGTRefineLib.learning.export import export_for_inference
from SpineGTRefineLib.learning.nnunet_planning import prepare
from SpineGTRefineLib.learning.nnunet_training import train
from SpineGTRefineLib.learning.nnunet_workspace import Workspace
from SpineGTRefineLib.learning.raw_dataset import TrainingCase, write_raw_dataset
from SpineGTRefineLib.learning.settings import SmallNetwork, TrainingSettings
from SpineGTRefineLib.phantoms import SpinePhantom, make_spine

logger = logging.getLogger("stand_ins")

SEEDS = range(7001, 7009)

STEP1 = {
    "discs": (1, 2, 3, 4, 5), "C2-C3": (2,), "C7-T1": (3,), "T12-L1": (4,), "L5-S": (5,),
    "vertebrae": (6, 7), "C1": (7,), "canal": (8, 9), "cord": (9,),
}  # fmt: skip
"""Regions of step 1, in the order of their values."""

STEP2 = {
    "discs": (1, 2, 3, 4, 5), "C2-C3": (2,), "C7-T1": (3,), "T12-L1": (4,), "L5-S": (5,),
    "vertebrae": (6, 7, 8, 9), "below a marked disc": (7,), "above a marked disc": (8,), "sacrum": (9,),
    "canal": (10, 11), "cord": (11,),
}  # fmt: skip
"""Regions of step 2; which vertebrae are 7 follows from the discs that its second channel marks."""

SETTINGS = TrainingSettings(
    fold=0,
    epochs=16,
    iterations_per_epoch=25,
    validation_iterations=1,
    learning_rate=5e-3,
    optimizer="adamw",
    small=SmallNetwork(spacing=(3.0, 3.0, 3.0), patch_size=(64, 32, 16), features=(8, 16, 32, 32)),
    device="cpu",
    save_every=1,
)

NETWORK_LABELS = LabelScheme(
    "network", tuple(LabelEntry(v, str(v), structure("sacrum"), (255, 255, 255)) for v in range(1, 12))
)
"""Only lets the values through; they are the network's own."""


def main() -> None:
    """Train both steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    _train(folder, 951, "step1", STEP1, ("MRI",), map(_first_step, SEEDS))
    _train(folder, 952, "step2", STEP2, ("MRI", "noNorm"), (case for seed in SEEDS for case in _second_step(seed)))


def _train(
    folder: Path,
    number: int,
    name: str,
    regions: dict[str, tuple[int, ...]],
    channels: tuple[str, ...],
    cases: Iterator[TrainingCase],
) -> None:
    workspace, dataset = Workspace(folder / "work"), f"Dataset{number}_StandIn{name}"
    order = range(1, len(regions) + 1)
    if not (workspace.preprocessed / dataset / "nnUNetPlans_3d_fullres").is_dir():
        write_raw_dataset(
            workspace.raw, dataset, cases, channels=channels, labels=regions, regions_class_order=list(order)
        )
        prepare(workspace, dataset, SETTINGS)
    last = [""]

    def log(_part: float, text: str) -> None:
        if text != last[0]:
            logger.info("%s %s", name, text)
            last[0] = text

    export_for_inference(train(workspace, dataset, SETTINGS, progress=log), folder / name)


def phantom_of(seed: int) -> SpinePhantom:
    draw = np.random.default_rng([seed, 11])
    contrast, scale = str(draw.choice(["T2w", "T1w"])), float(draw.uniform(0.92, 1.08))
    return make_spine(seed, spacing=2.5, region="lumbar", contrast=contrast, scale=scale, rootlets=False)


def _first_step(seed: int) -> TrainingCase:
    phantom = phantom_of(seed)
    labels = _common(phantom, canal=8, cord=9)
    vertebrae = phantom.spine.scheme.of_kind("vertebra", "sacrum")
    bone = phantom.spine.mask([entry.value for entry in vertebrae])
    labels[bone & (labels == 0)] = 6
    return TrainingCase(f"phantom_{seed}", [phantom.image], _as_map(labels, phantom))


def _second_step(seed: int) -> Iterator[TrainingCase]:
    """Make the case twice, with either half of the discs marked."""
    phantom = phantom_of(seed)
    spine = scheme("spine")
    discs = [entry for entry in spine.of_kind("disc") if (phantom.spine.array == entry.value).any()]
    bones = [entry for entry in spine.of_kind("vertebra") if (phantom.spine.array == entry.value).any()]
    in_view = [entry.structure.key for entry in bones] + ["sacrum"]
    for first in (0, 1):
        labels = _common(phantom, canal=10, cord=11)
        labels[(phantom.spine.array == spine.value_of("sacrum")) & (labels == 0)] = 9
        marked_keys = {entry.structure.key for entry in discs[first::2]}
        for bone in bones:
            is_above_marked = disc_below(bone.structure.key, in_view) in marked_keys
            labels[(phantom.spine.array == bone.value) & (labels == 0)] = 8 if is_above_marked else 7
        marked = phantom.spine.mask([entry.value for entry in discs[first::2]]).astype(np.float32)
        images = [phantom.image, Image(marked, phantom.image.geometry)]
        yield TrainingCase(f"phantom_{seed}_{first}", images, _as_map(labels, phantom))


def _common(phantom: SpinePhantom, *, canal: int, cord: int) -> np.ndarray:
    spine = phantom.spine.scheme
    labels = np.zeros(phantom.spine.array.shape, np.uint8)
    for entry in spine.of_kind("disc"):
        labels[phantom.spine.array == entry.value] = 1
    for key, value in (("disc_C2-C3", 2), ("disc_C7-T1", 3), ("disc_T12-L1", 4), ("disc_L-S", 5)):
        labels[phantom.spine.array == spine.value_of(key)] = value
    labels[phantom.canal.array > 0] = canal
    labels[phantom.cord.array > 0] = cord
    return labels


def _as_map(labels: np.ndarray, phantom: SpinePhantom) -> LabelMap:
    return LabelMap(labels, phantom.spine.geometry, NETWORK_LABELS)


if __name__ == "__main__":
    main()
