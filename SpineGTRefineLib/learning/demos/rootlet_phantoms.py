"""Phantoms for the two models of the recipe rootlets: threads in the canal, and the spinal levels they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...anatomy import scheme
from ...imaging import Image, LabelMap, crop, reorient
from ...phantoms import SpinePhantom, make_spine
from ...phantoms.body import THREAD_DROP_MM
from ...recipes.procedures.rootlets import SETTINGS, cord_box

TESTS: dict[str, dict[str, Any]] = {
    "0.7 mm": {"seed": 9021, "spacing": 0.7, "region": "cervical", "width": 40.0},
    "0.8 mm, oblique, left-handed": {
        "seed": 9022, "spacing": 0.8, "region": "cervical", "width": 40.0, "oblique": (6.0, -5.0, 4.0),
        "axcodes": "LAS",
    },
    "thick slices (only reported)": {"seed": 9023, "spacing": (0.8, 0.8, 3.0), "region": "cervical", "width": 40.0},
}  # fmt: skip
"""Keyword arguments of :func:`~SpineGTRefineLib.phantoms.make_spine`."""

SEEDS = range(3000, 3056)
"""Phantoms to train on."""

LEVELS = range(1, 10)
"""Values of C1 to T1 in the schemes ``rootlets`` and ``spinal_levels``: what is learnt, and what is measured."""


def training_phantom(seed: int) -> SpinePhantom:
    """Make a neck to train on, with the voxel size of the network that draws rootlets."""
    draw = np.random.default_rng([seed, 5])
    return make_spine(
        seed,
        region="cervical",
        width=40.0,
        depth=76.0,  # as far as the crop reaches
        spacing=0.8,
        oblique=tuple(float(angle) for angle in draw.uniform(-8, 8, 3) * (draw.random() < 0.5)),
        scale=float(draw.uniform(0.92, 1.08)),
        noise=float(draw.uniform(0.01, 0.04)),
        bias=float(draw.uniform(0.0, 0.3)),
    )


def seen(phantom: SpinePhantom, labels: LabelMap) -> tuple[Image, LabelMap]:
    """Return the crop that the recipe cuts around the cord, of the image and of labels, with axes along RAS."""
    box = cord_box(phantom.cord, SETTINGS["margin_mm"])
    return reorient(crop(phantom.image, box), "RAS"), reorient(crop(labels, box), "RAS")


def canal_levels(phantom: SpinePhantom) -> LabelMap:
    """Return the canal by the spinal level whose rootlets cross it there; beyond C1 to T1 it is background."""
    grid, kind = phantom.canal.geometry, scheme("spinal_levels")
    axes = np.ogrid[tuple(slice(0, n) for n in grid.shape)]
    height = sum((axis * step for axis, step in zip(axes, grid.affine[2, :3], strict=True)), grid.affine[2, 3])
    # A thread leaves the cord at its level and sinks on its way to the wall: half way there it is half as deep.
    start = height + THREAD_DROP_MM / 2
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for level, (top, bottom) in phantom.skeleton.segment_heights().items():
        value = kind.value_of(f"spinal_level_{level}")
        if value in LEVELS:
            labels[(start <= top) & (start > bottom)] = value
    return LabelMap(labels * (phantom.canal.array > 0), grid, kind)


def threads(phantom: SpinePhantom) -> LabelMap:
    """Return the rootlets of C1 to T1 as one structure."""
    assert phantom.rootlets is not None  # these phantoms have them
    learnt = np.isin(phantom.rootlets.array, LEVELS).astype(np.uint8)
    return LabelMap(learnt, phantom.rootlets.geometry, scheme("rootlets_unnamed"))
