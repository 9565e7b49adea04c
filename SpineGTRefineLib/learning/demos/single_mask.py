"""Demos that draw one structure of the spine phantoms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...imaging import LabelMap, reorient
from ...models import predict
from ...models.installed import InstalledModel
from ...phantoms import SpinePhantom, make_spine
from ..raw_dataset import TrainingCase
from ..settings import SmallNetwork
from .definition import ON_TWO_CORES, Demo, Scores
from .scores import dice

SEEDS = range(1000, 1064)

TESTS: dict[str, dict[str, Any]] = {
    "isotropic": {"seed": 9001, "spacing": 1.2, "region": "cervical"},
    "thick-slice": {"seed": 9002, "spacing": (3.3, 0.9, 0.9), "region": "lumbar"},
    "oblique": {"seed": 9003, "spacing": 1.4, "region": "thoracic", "oblique": (8.0, -10.0, 6.0)},
    "left-handed": {"seed": 9004, "spacing": 1.5, "region": "whole", "axcodes": "LAS"},
}

SETTINGS = replace(
    ON_TWO_CORES,
    epochs=40,
    small=SmallNetwork(spacing=(1.5, 1.5, 1.5), patch_size=(64, 64, 32), features=(8, 16, 32, 64)),
)
"""A thousand steps, a quarter of an hour on two cores; 0.35 million parameters, 0.7 MB in half precision."""


def single_mask_demo(name: str, number: int, truth: Callable[[SpinePhantom], LabelMap]) -> Demo:
    """Return the demo that draws one mask of the phantoms.

    Parameters
    ----------
    name
        Of the demo; also its mask type and label scheme.
    number
        Of nnU-Net's dataset.
    truth
        The mask of a phantom.
    """

    def training_case(seed: int) -> TrainingCase:
        phantom = make_spine(seed, rootlets=False, **_varied(np.random.default_rng([seed, 3])))
        return TrainingCase(f"phantom_{seed}", [reorient(phantom.image, "RAS")], reorient(truth(phantom), "RAS"))

    def measure(model: InstalledModel) -> Scores:
        scores = {}
        for kind, arguments in TESTS.items():
            phantom = make_spine(rootlets=False, **arguments)
            labels = predict([phantom.image], model, device="cpu").labels
            scores[kind] = {"Dice": dice(truth(phantom).array > 0, labels.array > 0)}
        return scores

    purpose = "T1w and T2w, straight and tilted, with voxels of 0.9 to 4.2 mm."
    return Demo(name, number, {name: 1}, SEEDS, training_case, SETTINGS, TESTS, measure, purpose)


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
