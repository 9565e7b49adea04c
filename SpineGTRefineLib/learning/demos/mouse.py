"""Demo models for gray and white matter of the mouse's cord: one for volumes, one for single slices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...imaging import Box, LabelMap, crop
from ...models import predict
from ...models.installed import InstalledModel
from ...phantoms.mouse import MousePhantom, make_mouse
from ...refine.matter import labeled_slices
from ..raw_dataset import TrainingCase
from ..settings import SmallNetwork
from .definition import ON_TWO_CORES, Demo, Scores
from .scores import dice

LABELS = {"gm": 1, "wm": 2}

TESTS: dict[str, dict[str, Any]] = {
    "usual": {"seed": 9001},
    "finer, noisy": {"seed": 9002, "shape": (72, 70, 30), "spacing": 0.045, "noise": 0.08},
    "coarser": {"seed": 9003, "shape": (60, 64, 40), "spacing": 0.06},
    "wide, very noisy": {"seed": 9004, "shape": (90, 90, 24), "noise": 0.12},
}
"""Keyword arguments of :func:`~SpineGTRefineLib.phantoms.mouse.make_mouse`."""

PURPOSE = (
    "Synthetic ex-vivo cords, T1w: an ellipse of white matter with a butterfly of gray matter in it, voxels of 0.04 to "
    "0.06 mm, noise of 2 to 10 %. No vessels, roots, air bubbles, tears or lesions, one direction of storage."
)


def draw_phantom(seed: int) -> MousePhantom:
    """Make the cord of a training seed."""
    draw = np.random.default_rng([seed, 3])
    side = int(draw.integers(60, 84))
    return make_mouse(
        seed,
        shape=(side, side + int(draw.integers(-4, 5)), int(draw.integers(24, 49))),
        spacing=float(draw.uniform(0.04, 0.06)),
        noise=float(draw.uniform(0.02, 0.10)),
    )


def _volume(seed: int) -> TrainingCase:
    phantom = draw_phantom(seed)
    return TrainingCase(f"phantom_{seed}", [phantom.image], phantom.gmwm)


def _middle_slice(phantom: MousePhantom) -> Box:
    slices = labeled_slices(phantom.gmwm)
    return slices[len(slices) // 2]


def _slice(seed: int) -> TrainingCase:
    phantom = draw_phantom(seed)
    box = _middle_slice(phantom)
    return TrainingCase(f"phantom_{seed}", [crop(phantom.image, box)], crop(phantom.gmwm, box))


def _measure_volumes(model: InstalledModel) -> Scores:
    scores = {}
    for name, arguments in TESTS.items():
        phantom = make_mouse(**arguments)
        scores[name] = _dice(phantom.gmwm, predict([phantom.image], model, device="cpu").labels)
    return scores


def _measure_slices(model: InstalledModel) -> Scores:
    scores = {}
    for name, arguments in TESTS.items():
        phantom = make_mouse(**arguments)
        box = _middle_slice(phantom)
        found = predict([crop(phantom.image, box)], model, device="cpu").labels
        scores[name] = _dice(crop(phantom.gmwm, box), found)
    return scores


def _dice(truth: LabelMap, found: LabelMap) -> dict[str, float]:
    return {name: dice(truth.array == value, found.array == value) for name, value in LABELS.items()}


MOUSE = Demo(
    name="mouse",
    number=911,
    channels=("T1w",),
    labels=LABELS,
    seeds=range(1000, 1040),
    training_case=_volume,
    settings=replace(
        ON_TWO_CORES,
        epochs=16,
        small=SmallNetwork(spacing=(0.05,) * 3, patch_size=(16, 64, 64), features=(8, 16, 32, 64)),
    ),
    tests=TESTS,
    measure=_measure_volumes,
    purpose=PURPOSE,
)

MOUSE_2D = Demo(
    name="mouse_2d",
    number=912,
    channels=("T1w",),
    labels=LABELS,
    seeds=range(1000, 1080),
    training_case=_slice,
    settings=replace(
        ON_TWO_CORES,
        configuration="2d",
        epochs=16,
        small=SmallNetwork(spacing=(0.05, 0.05), patch_size=(64, 64), features=(8, 16, 32, 64), batch_size=8),
    ),
    tests=TESTS,
    measure=_measure_slices,
    purpose=f"{PURPOSE} It sees one slice across the cord at a time, the middle one of each phantom in training.",
)
