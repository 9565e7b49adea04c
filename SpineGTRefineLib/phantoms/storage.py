"""The same volume stored in another voxel order: every voxel keeps its place in the world."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from ..imaging import Image, LabelMap, reorient

Volume = TypeVar("Volume", Image, LabelMap)


def storage_variant(volume: Volume, axcodes: str) -> Volume:
    """Return the volume as a file in another voxel order would hold it, losslessly (flips and swaps only).

    Parameters
    ----------
    volume
        Image or label map.
    axcodes
        Where the new axes go to, for example ``"LAS"`` (left-handed) or ``"PIR"``. On an oblique grid the letters name
        the nearest directions.
    """
    turned = reorient(volume, axcodes)
    return replace(turned, array=np.ascontiguousarray(turned.array), source=None)
