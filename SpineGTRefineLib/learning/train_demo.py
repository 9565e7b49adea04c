"""Train the demo models on synthetic phantoms: ``python -m SpineGTRefineLib.learning.train_demo canal``.

The phantoms of the tests are drawn from seeds that are fixed here and never trained on.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..fileops import sha256_of_file, write_text_atomic
from ..imaging import LabelMap, reorient
from ..models import predict
from ..models.installed import InstalledModel
from ..models.registry import registry
from ..phantoms import SpinePhantom, make_spine
from ..resources import resource_path
from .export import export_for_inference
from .nnunet_training import Progress, Workspace, prepare, train
from .raw_dataset import TrainingCase, write_raw_dataset
from .settings import SmallNetwork, TrainingSettings

logger = logging.getLogger(__name__)

DEMOS = ("canal", "cord")
"""Demo models; each is named after its mask, its label scheme and its registry entry ``demo_NAME``."""

TRAINING_SEEDS = range(1000, 1064)
"""Phantoms that are trained on."""

TEST_PHANTOMS: dict[str, dict[str, Any]] = {
    "isotropic": {"seed": 9001, "spacing": 1.2, "region": "cervical"},
    "thick-slice": {"seed": 9002, "spacing": (3.3, 0.9, 0.9), "region": "lumbar"},
    "oblique": {"seed": 9003, "spacing": 1.4, "region": "thoracic", "oblique": (8.0, -10.0, 6.0)},
    "left-handed": {"seed": 9004, "spacing": 1.5, "region": "whole", "axcodes": "LAS"},
}
"""Phantoms that are only tested on: keyword arguments of :func:`~SpineGTRefineLib.phantoms.make_spine`."""

NETWORK = SmallNetwork(spacing=(1.5, 1.5, 1.5), patch_size=(64, 64, 32), features=(8, 16, 32, 64))
"""About 0.35 million parameters, 0.7 MB in half precision."""

SETTINGS = TrainingSettings(
    fold="all",
    epochs=40,
    iterations_per_epoch=25,
    validation_iterations=2,
    learning_rate=5e-3,
    optimizer="adamw",
    small=NETWORK,
    device="cpu",
    save_every=1,
)
"""A thousand steps: a quarter of an hour on two cores."""


@dataclass(frozen=True)
class DemoResult:
    """The folder of a trained demo model, and its Dice on each test phantom."""

    folder: Path
    dice: dict[str, float]


def train_demo(
    name: str,
    work: Path,
    target: Path,
    *,
    settings: TrainingSettings = SETTINGS,
    progress: Progress | None = None,
) -> DemoResult:
    """Train a demo model, write its weights and its card to ``target``, and test it.

    Parameters
    ----------
    name
        One of :data:`DEMOS`.
    work
        Folder for the phantoms and the training; a stopped training there goes on.
    target
        Folder for the weights (usually ``Resources/Models/demo/NAME``); emptied of an older model.
    settings
        Length and size.
    progress
        See :func:`.nnunet_training.train`.
    """
    workspace, dataset = Workspace(work), f"Dataset{901 + DEMOS.index(name)}_Demo{name.capitalize()}"
    if not (workspace.preprocessed / dataset / f"nnUNetPlans_{settings.configuration}").is_dir():
        write_raw_dataset(workspace.raw, dataset, _training_cases(name), channels=["MRI"], labels={name: 1})
        prepare(workspace, dataset, settings, progress=progress)
    results = train(workspace, dataset, settings, progress=progress)
    export_for_inference(results, target)
    paths = [target / "plans.json", target / "dataset.json", *sorted(target.glob("fold_*/*.pth"))]
    hashes = {path.relative_to(target).as_posix(): sha256_of_file(path) for path in paths}
    write_text_atomic(target / "SHA256.json", json.dumps(hashes, indent=1) + "\n")
    dice = evaluate_demo(name, target)
    write_text_atomic(target / "MODEL_CARD.md", _model_card(name, dice, settings))
    return DemoResult(target, dice)


def evaluate_demo(name: str, folder: Path) -> dict[str, float]:
    """Return the Dice of a demo model on every test phantom."""
    model = InstalledModel(registry()[f"demo_{name}"], folder, json.loads((folder / "SHA256.json").read_text()), "demo")
    dice = {}
    for kind, arguments in TEST_PHANTOMS.items():
        phantom = make_spine(rootlets=False, **arguments)
        truth = _truth(phantom, name)
        labels = predict([phantom.image], model, device="cpu").labels
        dice[kind] = _dice(truth.array, labels.array)
    return dice


def _training_cases(name: str) -> Iterator[TrainingCase]:
    for seed in TRAINING_SEEDS:
        draw = np.random.default_rng([seed, 3])
        phantom = make_spine(seed, rootlets=False, **_varied(draw))
        truth = _truth(phantom, name)
        yield TrainingCase(f"phantom_{seed}", [reorient(phantom.image, "RAS")], reorient(truth, "RAS"))


def _varied(draw: np.random.Generator) -> dict[str, Any]:
    """Draw what to scan and how: voxel sizes from isotropic to thick slices, tilted grids, all regions."""
    inplane = float(draw.uniform(0.9, 1.6))
    thick = float(draw.uniform(2.5, 4.2))
    spacing = [inplane] * 3
    kind = draw.integers(4)
    if kind == 0:
        spacing[0] = thick
    elif kind == 1:
        spacing[2] = thick
    return {
        "spacing": tuple(spacing),
        "region": str(draw.choice(["cervical", "thoracic", "lumbar", "lumbar", "whole"])),
        "contrast": str(draw.choice(["T2w", "T2w", "T1w"])),
        "oblique": tuple(float(angle) for angle in draw.uniform(-12, 12, 3) * (draw.random() < 0.5)),
        "scale": float(draw.uniform(0.9, 1.1)),
        "noise": float(draw.uniform(0.01, 0.06)),
        "bias": float(draw.uniform(0.0, 0.4)),
    }


def _truth(phantom: SpinePhantom, name: str) -> LabelMap:
    return phantom.canal if name == "canal" else phantom.cord


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def _model_card(name: str, dice: dict[str, float], settings: TrainingSettings) -> str:
    rows = "\n".join(f"| {kind} | {TEST_PHANTOMS[kind]['seed']} | {value:.3f} |" for kind, value in dice.items())
    return f"""# Demo model: {name}

**Trained on synthetic phantoms, not for patients.** It shows that the tool works from end to end without a download.
On a real image its result means nothing.

* Made by `python -m SpineGTRefineLib.learning.train_demo {name}` with nnU-Net on a CPU.
* {len(TRAINING_SEEDS)} phantoms (seeds {TRAINING_SEEDS.start} to {TRAINING_SEEDS.stop - 1}), T1w and T2w, straight and
  tilted, with voxels of 0.9 to 4.2 mm; {settings.epochs * settings.iterations_per_epoch} steps.
* Weights in half precision, licence as the project (MIT).

Dice on phantoms that were never trained on:

| phantom | seed | Dice |
|---|---|---|
{rows}
"""


def main(arguments: list[str] | None = None) -> None:
    """Train a demo model from the command line."""
    parser = argparse.ArgumentParser(prog="train_demo", description=__doc__)
    parser.add_argument("name", choices=DEMOS)
    parser.add_argument("--work", type=Path, required=True, help="folder for phantoms and training")
    parser.add_argument("--target", type=Path, help="folder for the weights; by default the project's own")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    target = options.target or resource_path("Models") / "demo" / options.name
    result = train_demo(options.name, options.work, target, progress=_log_each_epoch())
    logger.info("Dice %s", {kind: round(value, 3) for kind, value in result.dice.items()})


def _log_each_epoch() -> Progress:
    last = [""]

    def log(_part: float, text: str) -> None:
        if text != last[0]:
            logger.info(text)
            last[0] = text

    return log


if __name__ == "__main__":
    main()
