"""Signals: numbers that are larger where a mask is more likely wrong, each about one structure and one slice.

Functions of label maps and arrays; no files. A signal alone says little: the same disagreement is usual for a thin disc
and alarming for a vertebra. :mod:`.order` weighs them against the same structure in all other masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import ndimage

from ...anatomy import structure
from ...checks import Problem
from ...imaging import LabelMap, reorient_to_grid
from ...refine.overlap import OverlapTable, joint_histogram

RULE_WEIGHT = {"error": 1.0, "warning": 0.25}
"""What a broken rule counts; remarks on what is unusual but possible count nothing."""

BAND_MM = 2.0
"""Reach of the band around a border, to each side, in which a model's doubt is read."""

DOUBT = "the model is unsure along the border of {name}"
FLIP = "the model draws the border of {name} otherwise in the mirrored image"


@dataclass(frozen=True)
class Finding:
    """What one signal says about one structure of one mask.

    Parameters
    ----------
    signal
        Its name: ``rules``, that of the mask it was compared with, or what a model's doubt is called.
    structure
        Key of the structure; "" for the mask as a whole.
    value
        0 (nothing to see) or more.
    text
        Why, for people.
    slice
        Where to look, ``axis:index``; "" if nowhere in particular.
    certain
        Whether the mask cannot be right whatever the others look like.
    """

    signal: str
    structure: str
    value: float
    text: str
    slice: str = ""
    certain: bool = False


def disagreement(mask: LabelMap, other: LabelMap, signal: str) -> tuple[Finding, ...]:
    """Compare a mask with what somebody else made of the same image: 1 - Dice of each structure.

    Parameters
    ----------
    mask
        The mask that is judged.
    other
        A model's mask, better one that was not trained on this very mask (out of fold); another model's; the same
        model's for the mirrored image. In the same scheme or one that converts to it, on the same voxels.
    signal
        Name of the comparison, also in the reason: "the model", say.

    Returns
    -------
    tuple of Finding
        One for each structure that either of them holds.

    Raises
    ------
    GeometryError
        They lie on different voxels.
    """
    if other.scheme.name != mask.scheme.name:
        other, _ = other.converted(mask.scheme)
    theirs = reorient_to_grid(other, mask.geometry).array
    table = joint_histogram(mask.array, theirs)
    dice = table.dice()
    places = _slices_of_difference(mask.array, theirs, _across(mask))
    values = sorted({int(value) for value in (*table.rows, *table.columns)} - {0})
    findings = []
    for value in values:
        own, their = table.row_size(value), table.column_size(value)
        agreed = 2 * table.shared(value, value) / (own + their)
        text = _said(mask, table, dice, value, signal, agreed)
        findings.append(Finding(signal, _key(mask, value), 1 - agreed, text, places.get(value, "")))
    return tuple(findings)


def disagreement_of_models(models: Mapping[str, LabelMap]) -> tuple[Finding, ...]:
    """Compare what several models made of an image with each other: where they differ, it is hard to tell.

    Parameters
    ----------
    models
        Masks by name of the model, on the same voxels.

    Returns
    -------
    tuple of Finding
        One for each pair of models and each structure that either of them holds.
    """
    findings = []
    for one, other in combinations(models, 2):
        for found in disagreement(models[one], models[other], f"{one} against {other}"):
            name = structure(found.structure).name if found.structure else "something"
            text = f"{one} and {other} disagree about {name} (Dice {1 - found.value:.2f})"
            findings.append(replace(found, text=text))
    return tuple(findings)


def rule_findings(problems: Iterable[Problem]) -> tuple[Finding, ...]:
    """Turn the broken rules of anatomy (:func:`SpineGTRefineLib.checks.check_labels`) into findings."""
    return tuple(
        Finding(
            "rules",
            problem.structure or "",
            RULE_WEIGHT[problem.severity],
            problem.message,
            "" if problem.slice is None else f"{problem.slice[0]}:{problem.slice[1]}",
            certain=problem.severity == "error",
        )
        for problem in problems
        if problem.severity in RULE_WEIGHT
    )


def boundary_findings(
    mask: LabelMap, doubt: np.ndarray, signal: str, saying: str = DOUBT, band_mm: float = BAND_MM
) -> tuple[Finding, ...]:
    """Mean doubt of a model in a band around the border of each structure.

    The mean over a band does not depend on the field of view, unlike one over the image.

    Parameters
    ----------
    mask
        The mask that is judged.
    doubt
        Array (i, j, k) of 0 (sure) to 1, on the grid of ``mask``: ``Prediction.uncertainty`` or
        ``Prediction.flip_disagreement``.
    signal
        Name of the signal.
    saying
        What the reason says; ``{name}`` is the structure.
    band_mm
        Reach to each side of the border; at least one voxel.
    """
    across, findings = _across(mask), []
    spacing = mask.geometry.spacing
    reach = max(band_mm, *spacing)
    margin = [int(np.ceil(reach / step)) + 1 for step in spacing]
    for value, box in enumerate(ndimage.find_objects(mask.array), start=1):
        if box is None:
            continue
        grown = tuple(slice(max(0, s.start - m), s.stop + m) for s, m in zip(box, margin, strict=True))
        inside = mask.array[grown] == value
        padded = np.pad(inside, 1, constant_values=False)
        depth = np.where(
            padded,
            ndimage.distance_transform_edt(padded, sampling=spacing),
            ndimage.distance_transform_edt(~padded, sampling=spacing),
        )[1:-1, 1:-1, 1:-1]
        band = np.where(depth <= reach, doubt[grown], 0.0)
        mean = float(band.sum() / np.count_nonzero(depth <= reach))
        worst = grown[across].start + int(band.sum(axis=tuple(a for a in range(3) if a != across)).argmax())
        text = f"{saying.format(name=_name(mask, value))} ({mean:.2f} on a scale to 1)"
        findings.append(Finding(signal, _key(mask, value), mean, text, f"{across}:{worst}"))
    return tuple(findings)


def _said(mask: LabelMap, table: OverlapTable, dice: np.ndarray, value: int, signal: str, agreed: float) -> str:
    name, shared = _name(mask, value), f"Dice {agreed:.2f}"
    if not table.row_size(value):
        return f"{signal} finds {name}, the mask has none"
    best = int(table.columns[int(dice[table.rows == value][0].argmax())])
    if not table.column_size(value) and best == 0:
        return f"{signal} finds no {name}"
    if best not in (0, value):
        return f"{signal} calls {name} {_name(mask, best)} ({shared})"
    return f"{signal} draws {name} otherwise ({shared})"


def _slices_of_difference(mask: np.ndarray, other: np.ndarray, axis: int) -> dict[int, str]:
    """Return for each value the slice where the two differ most about it."""
    places = np.nonzero(mask != other)
    if not places[0].size:
        return {}
    index, depth = places[axis], mask.shape[axis]
    counts = np.zeros(0, dtype=np.int64)
    for values in (mask[places], other[places]):
        found = np.bincount(values.astype(np.int64) * depth + index)
        size = max(counts.size, found.size)
        counts = np.pad(counts, (0, size - counts.size)) + np.pad(found, (0, size - found.size))
    by_slice = np.pad(counts, (0, -counts.size % depth)).reshape(-1, depth)
    return {int(value): f"{axis}:{int(by_slice[value].argmax())}" for value in np.flatnonzero(by_slice.any(axis=1))}


def _across(mask: LabelMap) -> int:
    """Axis of the sagittal slices, in which levels are read."""
    return int((mask.geometry.orientation[:, 0] == 0).argmax())


def _key(mask: LabelMap, value: int) -> str:
    return mask.scheme[value].structure.key if value in mask.scheme else ""


def _name(mask: LabelMap, value: int) -> str:
    return mask.scheme[value].name if value in mask.scheme else f"label {value}"
