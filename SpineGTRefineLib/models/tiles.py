"""How an image is cut into overlapping tiles: nnU-Net's own grid, and parts of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Span = tuple[slice, ...]


@dataclass(frozen=True)
class Tiling:
    """How an image is cut into tiles.

    Parameters
    ----------
    tile
        Size of a tile; one entry less than the image has axes for a network that sees slices.
    step
        Distance between tiles as a part of the tile.
    mirror_axes
        Spatial axes of the network along which mirrored copies vote, or None.
    """

    tile: tuple[int, ...]
    step: float
    mirror_axes: tuple[int, ...] | None


def tile_spans(shape: tuple[int, ...], tiling: Tiling) -> list[Span]:
    """Return the place of each tile in an image of ``shape``, in nnU-Net's order."""
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

    tile = tiling.tile
    starts = compute_steps_for_sliding_window(shape[len(shape) - len(tile) :], tile, tiling.step)
    spans = [
        tuple(slice(start, start + size) for start, size in zip(corner, tile, strict=True))
        for corner in itertools.product(*starts)
    ]
    if len(tile) == len(shape):
        return spans
    # A network that sees slices goes through them along the first axis.
    return [(slice(index, index + 1), *span) for index in range(shape[0]) for span in spans]


def touching(spans: Sequence[Span], wanted: np.ndarray) -> list[Span]:
    """Return the tiles that hold a wanted voxel (boolean array)."""
    return [span for span in spans if wanted[span].any()]


def focused_spans(shape: tuple[int, ...], roi: Span, tiling: Tiling) -> list[Span]:
    """Return tiles that cover a region as tightly as they can inside an image of ``shape``, in nnU-Net's way.

    Each lies in the image and is whole, so that the network sees as much around the region as it was trained with.
    """
    sizes = (1,) * (len(shape) - len(tiling.tile)) + tiling.tile
    box = []
    for whole, wanted, size in zip(shape, roi, sizes, strict=True):
        missing = max(0, size - (wanted.stop - wanted.start))
        start = min(max(0, wanted.start - missing // 2), whole - max(size, wanted.stop - wanted.start))
        box.append(slice(start, start + max(size, wanted.stop - wanted.start)))
    inside = tile_spans(tuple(part.stop - part.start for part in box), tiling)
    return [
        tuple(slice(part.start + b.start, part.stop + b.start) for part, b in zip(span, box, strict=True))
        for span in inside
    ]


def covering_spans(spans: Sequence[Span]) -> list[Span]:
    """Return as few of the tiles as cover what all cover; they overlap no more than they must."""
    kept = []
    for axis in range(len(spans[0]) if spans else 0):
        places = sorted({(span[axis].start, span[axis].stop) for span in spans})
        chosen = [places[0]]
        while chosen[-1] != places[-1]:
            # The farthest that leaves no gap; where there is a gap anyway (no tiles between), the next.
            reach = [place for place in places if chosen[-1][0] < place[0] <= chosen[-1][1]]
            chosen.append(reach[-1] if reach else next(place for place in places if place > chosen[-1]))
        kept.append({start for start, _ in chosen})
    return [span for span in spans if all(part.start in starts for part, starts in zip(span, kept, strict=True))]
