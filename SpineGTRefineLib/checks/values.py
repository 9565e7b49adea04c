"""Rules on the label values themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .problem import Problem, in_voxels
from .survey import Survey

STRAY_VALUES = 8
"""Up to this many unknown values are slips of a rater, each with its place; more mean another scheme, or an image."""


def empty_mask(survey: Survey) -> Iterator[Problem]:
    """Find an empty mask: allowed, but rarely meant."""
    if not survey.values:
        yield survey.problem(
            "empty_mask",
            "warning",
            (None, None),
            "The mask is empty.",
            "Run the model again, or mark the structure as excluded with a reason.",
        )


def known_values(survey: Survey) -> Iterator[Problem]:
    """Find values that do not belong to the label scheme."""
    unknown = [value for value in survey.values if value not in survey.labels.scheme]
    if len(unknown) > STRAY_VALUES:
        yield _of_another_kind(survey, unknown)
        return
    for value in unknown:
        box = survey.box_of(value)
        mask = survey.labels.array[box] == value
        yield survey.problem(
            "known_values",
            "error",
            (None, value),
            f"The value {value} ({in_voxels(int(np.count_nonzero(mask)))}) stands for nothing in the scheme "
            f"{survey.labels.scheme.name!r}.",
            "Give these voxels the right label, or erase them: the mask cannot be saved like this.",
            index=survey.shown(mask, box),
        )


def _of_another_kind(survey: Survey, unknown: Sequence[int]) -> Problem:
    examples = ", ".join(map(str, unknown[:STRAY_VALUES]))
    return survey.problem(
        "known_values",
        "error",
        (None, None),
        f"{len(unknown)} of the {len(survey.values)} values stand for nothing in the scheme "
        f"{survey.labels.scheme.name!r}: {examples} ...",
        "This is a mask in another label scheme (name that one, or convert the mask), or no mask at all.",
    )
