"""Which members of a row stand in the wrong place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def out_of_order(positions: Sequence[float]) -> list[int]:
    """Return the places that must go so that the remaining positions rise: the fewest possible, ascending.

    Of two exchanged neighbours one is named.
    """
    kept = set(_longest_rise(positions)) if positions else set()
    return [place for place in range(len(positions)) if place not in kept]


def _longest_rise(positions: Sequence[float]) -> list[int]:
    """Places of the longest rising subsequence."""
    best = [1] * len(positions)
    previous = [-1] * len(positions)
    for i, position in enumerate(positions):
        for j in range(i):
            if positions[j] < position and best[j] + 1 > best[i]:
                best[i], previous[i] = best[j] + 1, j
    place = int(np.argmax(best))
    rise = []
    while place >= 0:
        rise.append(place)
        place = previous[place]
    return rise
