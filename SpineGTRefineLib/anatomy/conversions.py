"""From one label scheme to another, with a report of what gets lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .schemes import LabelScheme


@dataclass(frozen=True)
class LossReport:
    """What a conversion could not keep.

    Parameters
    ----------
    dropped
        Structure key (or ``value N`` where the source scheme does not know the value) to number of voxels that became
        background.
    merged
        Target structure key to the source keys that now share it, where more than one was present.
    """

    dropped: dict[str, int]
    merged: dict[str, tuple[str, ...]]

    @property
    def lossless(self) -> bool:
        """Whether every voxel kept its meaning."""
        return not self.dropped and not self.merged


@dataclass(frozen=True)
class Conversion:
    """A table from the values of one scheme to those of another."""

    source: LabelScheme
    target: LabelScheme
    table: dict[int, int]

    def apply(self, array: np.ndarray) -> tuple[np.ndarray, LossReport]:
        """Map an integer array; see :class:`LossReport`."""
        raise NotImplementedError


def conversion(source: LabelScheme, target: LabelScheme) -> Conversion:
    """Return the conversion between two schemes: each structure keeps its meaning, or is reported as lost."""
    raise NotImplementedError
