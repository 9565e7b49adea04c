"""Demo model for the lumbosacral cord: what it sees is the box that the recipe cuts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...imaging import reorient
from ...models import predict
from ...models.installed import InstalledModel
from ...phantoms import make_spine
from ...recipes.cord_crop import box_around, centerline_of, cut_image, cut_labels, restore_native
from ..raw_dataset import TrainingCase
from ..settings import SmallNetwork
from .definition import ON_TWO_CORES, Demo, Scores
from .scores import dice

TESTS: dict[str, dict[str, Any]] = {
    "isotropic": {"seed": 9011, "spacing": 1.0, "region": "lumbar"},
    "sagittal, thick": {"seed": 9012, "spacing": (3.3, 0.9, 0.9), "region": "lumbar"},
    "axial, thick": {"seed": 9013, "spacing": (0.8, 0.8, 3.5), "region": "lumbar", "variant": "L6"},
    "oblique, left-handed": {
        "seed": 9014, "spacing": 1.1, "region": "lumbar", "oblique": (8.0, -10.0, 6.0), "axcodes": "LAS",
        "variant": "4-lumbar", "contrast": "T1w",
    },
}  # fmt: skip
"""Keyword arguments of :func:`~SpineGTRefineLib.phantoms.make_spine`."""


def _training_case(seed: int) -> TrainingCase:
    """Cut the box around the true cord, a little wider or narrower each time."""
    draw = np.random.default_rng([seed, 4])
    phantom = make_spine(seed, rootlets=False, **_varied(draw))
    across, along = float(draw.uniform(12, 18)), float(draw.uniform(10, 25))
    box = box_around(phantom.image.geometry, centerline_of(phantom.cord), across_mm=across, along_mm=along)
    image, cord = cut_image(phantom.image, box), cut_labels(phantom.cord, box)
    return TrainingCase(f"phantom_{seed}", [reorient(image, "RAS")], reorient(cord, "RAS"))


def _varied(draw: np.random.Generator) -> dict[str, Any]:
    inplane = float(draw.uniform(0.7, 1.3))
    spacing = [inplane] * 3
    kind = draw.integers(3)
    if kind < 2:
        spacing[(0, 2)[kind]] = float(draw.uniform(2.2, 4.0))
    return {
        "spacing": tuple(spacing),
        "region": "lumbar",
        "contrast": str(draw.choice(["T2w", "T2w", "T1w"])),
        "variant": str(draw.choice(["usual", "usual", "L6", "4-lumbar", "T13"])),
        "oblique": tuple(float(angle) for angle in draw.uniform(-12, 12, 3) * (draw.random() < 0.5)),
        "scale": float(draw.uniform(0.9, 1.1)),
        "noise": float(draw.uniform(0.01, 0.06)),
        "bias": float(draw.uniform(0.0, 0.4)),
    }


def _measure(model: InstalledModel) -> Scores:
    """Measure with the box around the true cord; the recipe's own box comes from a coarse mask."""
    scores = {}
    for name, arguments in TESTS.items():
        phantom = make_spine(rootlets=False, **arguments)
        grid = phantom.image.geometry
        box = box_around(grid, centerline_of(phantom.cord), across_mm=16, along_mm=20)
        found = restore_native(predict([cut_image(phantom.image, box)], model, device="cpu").labels, grid).array > 0
        scores[name] = {"cord": dice(found, phantom.cord.array > 0)}
    return scores


LUMBOSACRAL = Demo(
    name="lumbosacral",
    number=913,
    # nnU-Net's name for one fixed mean and deviation that are stored in plans.json, instead of each image's own.
    channels=("CT",),
    labels={"cord": 1},
    seeds=range(1000, 1040),
    training_case=_training_case,
    settings=replace(
        ON_TWO_CORES,
        epochs=16,
        small=SmallNetwork(spacing=(0.5,) * 3, patch_size=(48, 48, 48), features=(8, 16, 32, 64)),
    ),
    tests=TESTS,
    measure=_measure,
    purpose=(
        "Lumbar phantoms, T1w and T2w, in the box that the recipe lumbosacral cuts around the cord: 0.5 mm, gray "
        "values stretched to 0 … 255. It is meant for T2w: on T1w (the last phantom below) it goes on below the end of "
        "the cord, and a run says so. Cauda equina, fatty filum and disease are not in them. The first 12 epochs ran "
        "with the learning rate of a plan of 28 epochs, so that training it anew gives a similar model, not the same."
    ),
)
