"""Masks with known errors and the masks a model would make of the same phantoms: what a ranking is tested on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage

from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.phantoms.defects import wobble
from SpineGTRefineLib.refine import expand, shift_levels

KINDS = ("level shift", "drop", "swap", "dilation", "misregistration")
REGIONS = ("cervical", "thoracic", "lumbar")


@dataclass(frozen=True, eq=False)
class Pair:
    """One case: the mask of the dataset, the model's mask, and which error is in the former ("" for none)."""

    name: str
    mask: LabelMap
    model: LabelMap
    error: str


@cache
def healthy(seed: int, spacing: float = 3.0) -> LabelMap:
    phantom = make_spine(seed, region=REGIONS[seed % 3], spacing=spacing, rootlets=False)
    return phantom.spine


def pairs(count: int, prevalence: float, kinds=KINDS, *, seed: int = 0, atlas: bool = False) -> list[Pair]:
    """Draw ``count`` cases, ``prevalence`` of them with an error; both masks are drawn with a shaky hand.

    ``atlas``: every mask, sound or not, is also bent by the same smooth misfit, as masks from one template are.
    """
    draw = np.random.default_rng([seed, count])
    wrong = set(draw.permutation(count)[: round(prevalence * count)].tolist())
    made = []
    for number in range(count):
        truth = healthy(50_000 + number)
        drawn = shaky(truth, 0.6, draw)
        model = shaky(truth, 0.8, draw)
        kind = kinds[int(draw.integers(len(kinds)))] if number in wrong else ""
        mask = spoil(drawn, kind, draw) if kind else drawn
        if atlas:
            mask = bent(mask)
        made.append(Pair(f"sub-{number:03d}_T2w", mask, model, kind))
    return made


def spoil(labels: LabelMap, kind: str, draw: np.random.Generator) -> LabelMap:
    vertebrae = [entry for entry in labels.scheme.of_kind("vertebra") if np.any(labels.array == entry.value)]
    chosen = vertebrae[int(draw.integers(len(vertebrae) - 1))]
    if kind == "level shift":
        return shift_levels(labels, vertebrae[0].structure.key, 1)
    if kind == "drop":
        return labels.with_array(np.where(labels.array == chosen.value, 0, labels.array))
    if kind == "swap":
        below = vertebrae[vertebrae.index(chosen) + 1]
        table = np.arange(int(labels.array.max()) + 1, dtype=labels.array.dtype)
        table[[chosen.value, below.value]] = below.value, chosen.value
        return labels.with_array(table[labels.array])
    if kind == "dilation":
        return expand(labels, 2 * min(labels.geometry.spacing))
    if kind == "misregistration":
        shift = [0, int(draw.choice([-2, 2])), int(draw.choice([-2, 2]))]
        return labels.with_array(ndimage.shift(labels.array, shift, order=0))
    raise ValueError(kind)


def shaky(labels: LabelMap, amplitude: float, draw: np.random.Generator) -> LabelMap:
    return labels.with_array(wobble(labels.array, labels.geometry.spacing, amplitude, draw))


def bent(labels: LabelMap) -> LabelMap:
    """Shift each slice along the cord by the same smooth curve: the misfit of an atlas, the same in all masks."""
    array = labels.array.copy()
    axis = int((labels.geometry.orientation[:, 0] == 2).argmax())
    size = array.shape[axis]
    offsets = np.rint(1.5 * np.sin(np.linspace(0, 2 * np.pi, size))).astype(int)
    front = int((labels.geometry.orientation[:, 0] == 1).argmax())
    moved = np.moveaxis(array, axis, 0)
    other = front - (front > axis)
    for index, offset in enumerate(offsets):
        moved[index] = np.roll(moved[index], offset, axis=other)
    return labels.with_array(array)
