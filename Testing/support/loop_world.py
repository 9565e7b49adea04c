"""A small lumbar world for the loop: one sagittal slice per person, the masks that raters drew, the errors in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from spoilt import KINDS, bent, shaky, spoil

from SpineGTRefineLib.imaging import Box, Image, LabelMap, crop, reorient
from SpineGTRefineLib.phantoms import make_spine

Volume = TypeVar("Volume", Image, LabelMap)

SPACING_MM = 4.0
STRUCTURES = ("vertebra_L2", "vertebra_L3", "vertebra_L4", "vertebra_L5", "vertebra_L6", "sacrum")
"""What is drawn. L6 is in no truth: it is what a chain that is one level off ends with."""

FIELD = (32, 48)
"""Voxels of a scan from front to back and from head to foot, about L4."""

JITTER = (2, 3)
"""How far the middle of a scan is from L4, at most."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One person's scan and masks, all of one slice.

    Parameters
    ----------
    name
        Of the case.
    image, truth
        The scan, and what is really there.
    sound
        The truth as a careful rater draws it.
    mask
        What the dataset holds: ``sound``, with an error in some.
    error
        Which, "" for none.
    """

    name: str
    image: Image
    truth: LabelMap
    sound: LabelMap
    mask: LabelMap
    error: str


def draw_people(count: int, seed: int, *, prevalence: float = 0.0, atlas: bool = False) -> list[Drawn]:
    """Draw people; the same seed gives the same people and careful masks, whatever is wrong with the masks.

    Parameters
    ----------
    count, seed
        How many, and which.
    prevalence
        Part of the masks that hold an error, of all kinds alike.
    atlas
        Whether every mask, sound or not, is also bent like a template that fits badly.
    """
    errors = np.random.default_rng([seed, 1])
    wrong = set(errors.permutation(count)[: round(prevalence * count)].tolist())
    people = []
    for number in range(count):
        hand = np.random.default_rng([seed, 2, number])
        phantom = make_spine(100_000 * (seed + 1) + number, region="lumbar", spacing=SPACING_MM, rootlets=False)
        truth = _without_others(reorient(phantom.spine, "RAS"))
        field = _field(truth, hand)
        sound = shaky(truth, 0.6, hand)
        error = KINDS[int(errors.integers(len(KINDS)))] if number in wrong else ""
        mask = spoil(sound, error, errors) if error else sound
        if atlas:
            mask = bent(mask)
        image = _cut(reorient(phantom.image, "RAS"), field)
        slices = [_cut(labels, field) for labels in (truth, sound, mask)]
        people.append(Drawn(f"sub-{seed}{number:03d}_T2w", image, *slices, error))
    return people


def _without_others(labels: LabelMap) -> LabelMap:
    kept = [labels.scheme.value_of(key) for key in STRUCTURES]
    return labels.with_array(np.where(np.isin(labels.array, kept), labels.array, 0))


def _field(truth: LabelMap, hand: np.random.Generator) -> Box:
    """Return the box of a scan: the slice in the middle of L4, and a field about it."""
    places = np.argwhere(truth.array == truth.scheme.value_of("vertebra_L4"))
    middle = np.rint(places.mean(axis=0)).astype(int)
    middle[1:] += [int(hand.integers(-reach, reach + 1)) for reach in JITTER]
    start = [int(middle[0]), *(max(0, int(c) - size // 2) for c, size in zip(middle[1:], FIELD, strict=True))]
    stop = [
        start[0] + 1,
        *(min(n, s + size) for s, size, n in zip(start[1:], FIELD, truth.array.shape[1:], strict=True)),
    ]
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _cut(volume: Volume, field: Box) -> Volume:
    """Cut the slice out and store it as a network wants it that sees slices: the sagittal axis last."""
    return reorient(crop(volume, field), "ASR")
