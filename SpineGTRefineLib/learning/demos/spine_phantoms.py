"""Phantoms for the spine demo: all variants, regions, cut-off fields of view, both contrasts, thick slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...anatomy import scheme
from ...imaging import LabelMap
from ...phantoms import SpinePhantom
from ...phantoms.vertebra import PARTS

VARIANTS = ("usual", "T13", "L6", "4-lumbar", "11-thoracic")

CERVICAL_FROM = 2072
"""Phantoms from this seed on are cervical: C1 and C2 are small, and rare elsewhere."""


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
    region = str(draw.choice(["whole", "whole", "cervical", "thoracic", "lumbar", "lumbar"]))
    return {
        "spacing": tuple(spacing),
        "region": "cervical" if seed >= CERVICAL_FROM else region,
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
