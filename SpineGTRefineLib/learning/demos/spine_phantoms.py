"""Phantoms for the spine demo: all variants, regions, cut-off fields of view, both contrasts, thick slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...anatomy import scheme
from ...imaging import Box, Image, LabelMap, crop, reorient
from ...phantoms import SpinePhantom, make_spine
from ...phantoms.vertebra import PARTS

VARIANTS = ("usual", "T13", "L6", "4-lumbar", "11-thoracic")

REGIONS = ("whole", "whole", "whole", "cervical", "cervical", "thoracic", "lumbar", "lumbar")
"""Fields of view, each as often as it is listed here: half of all cases show C1, which is small and needs examples."""

SHORTEST_MM, LONGEST_MM = 150.0, 400.0
"""Length of a piece that is cut out of a whole spine, foot to head."""


def training_phantom(seed: int) -> tuple[Image, LabelMap]:
    """Make a phantom to train on: image and parts, voxels stored along RAS.

    Most whole spines are cut to a piece of them, so that every place of the spine comes to lie at an edge.
    """
    draw = np.random.default_rng([seed, 8])
    phantom = make_spine(seed, rootlets=False, **draw_settings(seed))
    image, parts = reorient(phantom.image, "RAS"), reorient(parts_of(phantom), "RAS")
    if phantom.settings.region != "whole" or draw.random() < 1 / 3:
        return image, parts
    slices, thickness = image.geometry.shape[2], image.geometry.spacing[2]
    length = min(slices, round(float(draw.uniform(SHORTEST_MM, LONGEST_MM)) / thickness))
    start = slices - length if draw.random() < 0.4 else int(draw.integers(slices - length + 1))
    box = Box((0, 0, start), (*image.geometry.shape[:2], start + length))
    return crop(image, box), crop(parts, box)


def draw_settings(seed: int) -> dict[str, Any]:
    """Draw what to scan and how: arguments of :func:`~SpineGTRefineLib.phantoms.make_spine`."""
    draw = np.random.default_rng([seed, 7])
    inplane = float(draw.uniform(1.2, 2.1))
    spacing = [inplane] * 3
    kind = draw.integers(4)
    if kind == 0:
        spacing[0] = float(draw.uniform(2.5, 4.2))
    elif kind == 1:
        spacing[2] = float(draw.uniform(2.5, 4.0))
    return {
        "spacing": tuple(spacing),
        "region": str(draw.choice(REGIONS)),
        "variant": str(draw.choice(VARIANTS)),
        "contrast": str(draw.choice(["T2w", "T2w", "T1w"])),
        "width": float(draw.uniform(60.0, 90.0)),
        "oblique": tuple(float(angle) for angle in draw.uniform(-10, 10, 3) * (draw.random() < 0.4)),
        "scale": float(draw.uniform(0.9, 1.1)),
        "noise": float(draw.uniform(0.01, 0.06)),
        "bias": float(draw.uniform(0.0, 0.4)),
    }


def parts_of(phantom: SpinePhantom) -> LabelMap:
    """Return what the network learns to draw: the scheme ``spine_parts``.

    Bodies carry their region instead of their level: that can be seen in a part of the spine, a level only by counting.
    """
    spine, parts = scheme("spine"), scheme("spine_parts")
    lookup = np.zeros(256, dtype=np.uint8)
    for entry in spine.of_kind("vertebra"):
        lookup[entry.value] = parts.value_of(_body_of(entry.structure.key))
    for entry in spine.of_kind("disc"):
        lookup[entry.value] = parts.value_of("disc")
    lookup[spine.value_of("sacrum")] = parts.value_of("sacrum")
    labels = lookup[phantom.spine.array]
    part = phantom.semantic.array
    is_vertebra = np.isin(phantom.spine.array, [entry.value for entry in spine.of_kind("vertebra")[1:]])
    posterior = is_vertebra & (part != PARTS.body) & (part != PARTS.endplate)
    labels[posterior] = parts.value_of("vertebra_part_posterior")
    labels[phantom.canal.array > 0] = parts.value_of("canal_without_cord")
    labels[phantom.cord.array > 0] = parts.value_of("cord")
    return LabelMap(labels, phantom.spine.geometry, parts)


def _body_of(vertebra: str) -> str:
    level = vertebra.removeprefix("vertebra_")
    if level == "C1":
        return "vertebra_C1"
    if level == "C2":
        return "body_C2"
    return {"C": "bodies_cervical", "T": "bodies_thoracic", "L": "bodies_lumbar"}[level[0]]
