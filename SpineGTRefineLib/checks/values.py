"""Rules on the label values themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .problem import Problem
from .survey import Survey


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
    for value in survey.values:
        if value not in survey.labels.scheme:
            box = survey.box_of(value)
            mask = survey.labels.array[box] == value
            yield survey.problem(
                "known_values",
                "error",
                (None, value),
                f"The value {value} ({np.count_nonzero(mask)} voxels) stands for nothing in the scheme "
                f"{survey.labels.scheme.name!r}.",
                "Give these voxels the right label, or erase them: the mask cannot be saved like this.",
                index=survey.shown(mask, box),
            )
