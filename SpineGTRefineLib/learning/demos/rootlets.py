"""Demo models of the recipe rootlets: one draws threads, the other tells the spinal levels along the canal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...anatomy import scheme
from ...imaging import Box, crop, restore
from ...models import predict
from ...models.installed import InstalledModel
from ...phantoms import SpinePhantom, make_spine
from ...recipes.procedures.rootlets import SETTINGS, cord_box
from ..raw_dataset import TrainingCase
from ..settings import SmallNetwork
from .definition import ON_TWO_CORES, Demo, Scores
from .rootlet_phantoms import LEVELS, SEEDS, TESTS, canal_levels, seen, threads, training_phantom
from .scores import dice


def _threads(seed: int) -> TrainingCase:
    phantom = training_phantom(seed)
    image, labels = seen(phantom, threads(phantom))
    # Below T1 there are threads that are not labelled: a network that sees a few centimetres cannot know why.
    first = int(np.flatnonzero(labels.array.any(axis=(0, 1)))[0])
    box = Box((0, 0, first), labels.geometry.shape)
    return TrainingCase(f"phantom_{seed}", [crop(image, box)], crop(labels, box))


def _levels(seed: int) -> TrainingCase:
    phantom = training_phantom(seed)
    image, labels = seen(phantom, canal_levels(phantom))
    return TrainingCase(f"phantom_{seed}", [image], labels)


def _measure_threads(model: InstalledModel) -> Scores:
    """Measure against the rootlets of every level: the network is not to know which level it sees."""
    scores = {}
    for name, phantom in _phantoms():
        assert phantom.rootlets is not None
        scores[name] = {"rootlets": dice(_found(model, phantom) > 0, phantom.rootlets.array > 0)}
    return scores


def _measure_levels(model: InstalledModel) -> Scores:
    scores = {}
    for name, phantom in _phantoms():
        truth, found = canal_levels(phantom).array, _found(model, phantom)
        of_levels = [dice(found == value, truth == value) for value in LEVELS]
        scores[name] = {"mean of C1 to T1": float(np.mean(of_levels)), "worst": min(of_levels)}
    return scores


def _phantoms() -> list[tuple[str, SpinePhantom]]:
    return [(name, make_spine(**arguments)) for name, arguments in TESTS.items()]


def _found(model: InstalledModel, phantom: SpinePhantom) -> np.ndarray:
    """Return what a model draws in the crop around the true cord, on the phantom's grid."""
    view = crop(phantom.image, cord_box(phantom.cord, SETTINGS["margin_mm"]))
    return restore(predict([view], model, device="cpu").labels, phantom.image.geometry).array


ROOTLETS = Demo(
    name="rootlets",
    number=920,
    labels={"rootlets": 1},
    seeds=SEEDS,
    training_case=_threads,
    settings=replace(
        ON_TWO_CORES,
        epochs=40,
        validation_iterations=1,
        small=SmallNetwork(spacing=(0.8,) * 3, patch_size=(48, 64, 32), features=(8, 16, 32, 48)),
        bfloat16=True,
        save_every=2,
    ),
    tests=TESTS,
    measure=_measure_threads,
    purpose=(
        "Necks in T2w with voxels of 0.8 mm, in the crop that the recipe cuts around the cord. On thick slices single\n"
        "  rootlets cannot be seen: that figure is shown for honesty only.\n"
        "* It draws rootlets without saying of which level; in the recipe `rootlets`, `demo_spinal_levels` says that.\n"
        "  Together their mean Dice over C1 to T1 was 0.70 and 0.78 on the two phantoms with fine voxels below,\n"
        "  0.66 on the one with thick slices, and 0.67 to 0.82 on four fresh fine ones (seeds 100 and 200 above).\n"
        "* The first 24 epochs ran with the learning rate of a plan that ended there; training it anew gives a\n"
        "  similar model, not the same."
    ),
)

SPINAL_LEVELS = Demo(
    name="spinal_levels",
    number=921,
    labels={scheme("spinal_levels")[value].structure.key: value for value in LEVELS},
    seeds=SEEDS,
    training_case=_levels,
    settings=replace(
        ON_TWO_CORES,
        epochs=64,
        validation_iterations=1,
        learning_rate=4e-3,
        small=SmallNetwork(spacing=(1.6,) * 3, patch_size=(96, 48, 16), features=(8, 16, 32, 48, 48)),
        bfloat16=True,
        save_every=2,
    ),
    tests=TESTS,
    measure=_measure_levels,
    purpose=(
        "The necks of `demo_rootlets`, seen coarsely: the whole canal by the spinal level whose rootlets cross it.\n"
        "  Single voxels may be wrong; the recipe `rootlets` puts the levels in their order along the canal.\n"
        "* The first 40 epochs ran with the learning rate of a plan that ended there; training it anew gives a\n"
        "  similar model, not the same."
    ),
)
