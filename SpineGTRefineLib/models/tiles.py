"""Slide a network over an image in overlapping tiles, with the arithmetic of nnU-Net.

The tile grid, the weighting and the rounding (sums in half precision) are those of nnU-Net, so that the result is the
same to the last voxel; progress, cancel and a region of interest are added around them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import CancelledError, ModelError
from .backends.runner import Runner
from .checkpoint import import_torch

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


@dataclass(frozen=True)
class Place:
    """Where the work is done: ``device`` runs the networks, ``sums`` holds the image and adds the tiles up."""

    device: Any
    sums: Any


@dataclass(frozen=True)
class Control:
    """How a running prediction speaks with its caller.

    Parameters
    ----------
    progress
        Called before each tile with the number of tiles that are done, and of all.
    cancelled
        Asked between tiles; True stops the work.
    """

    progress: Callable[[int, int], None]
    cancelled: Callable[[], bool]


def predict_logits(
    runners: Sequence[Runner],
    data: Any,
    classes: int,
    tiling: Tiling,
    sums: Any,
    control: Control,
    roi: Span | None = None,
) -> Any:
    """Run all networks over an image and return the mean of their outputs.

    Parameters
    ----------
    runners
        One per network.
    data
        Tensor (channels, x, y, z), preprocessed.
    classes
        Number of output channels.
    tiling
        The cut.
    sums
        The device that adds the tiles up.
    control
        Progress and cancel.
    roi
        Only tiles that touch this part of x, y, z are run. Inside it the result is exactly that of a full run, outside
        it means nothing.

    Returns
    -------
    torch.Tensor
        (classes, x, y, z), where the tiles were added up.

    Raises
    ------
    CancelledError
        The caller stopped the work.
    ModelError
        A network gave numbers that are not finite.
    """
    torch = import_torch()
    from acvl_utils.cropping_and_padding.padding import pad_nd_image

    padded, revert = pad_nd_image(data, tiling.tile, "constant", {"value": 0}, return_slicer=True)
    spans = tile_spans(tuple(padded.shape[1:]), tiling)
    if roi is not None:
        spans = [span for span in spans if _touches(span, roi, [part.start for part in revert[1:]])]
    steps = _Steps(control, len(spans) * len(runners))
    mean: Any = None
    with torch.inference_mode():
        for runner in runners:
            logits = _run_network(torch, runner, padded, classes, spans, tiling, sums, steps)
            mean = logits if mean is None else mean.add_(logits)
        if len(runners) > 1:
            mean /= len(runners)
    return mean[(slice(None), *revert[1:])]


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


class _Steps:
    """Counts tiles over all networks and passes on progress and cancel."""

    def __init__(self, control: Control, total: int) -> None:
        self._control = control
        self._total = max(total, 1)
        self._done = 0

    def next(self) -> None:
        if self._control.cancelled():
            raise CancelledError("The prediction was stopped.")
        self._control.progress(self._done, self._total)
        self._done += 1


def _run_network(
    torch: Any,
    runner: Runner,
    data: Any,
    classes: int,
    spans: Sequence[Span],
    tiling: Tiling,
    place: Any,
    steps: _Steps,
) -> Any:
    from nnunetv2.inference.sliding_window_prediction import compute_gaussian

    data = data.to(place)
    weight = compute_gaussian(tiling.tile, sigma_scale=1 / 8, value_scaling_factor=10, device=place)
    sums = torch.zeros((classes, *data.shape[1:]), dtype=torch.half, device=place)
    weights = torch.zeros(data.shape[1:], dtype=torch.half, device=place)
    flat = len(tiling.tile) < data.ndim - 1
    for start in range(0, len(spans), runner.batch):
        group = spans[start : start + runner.batch]
        for _ in group:
            steps.next()
        tiles = [data[(slice(None), *span)] for span in group]
        # A batch is always full: the last tile fills it up.
        tiles += [tiles[-1]] * (runner.batch - len(tiles))
        batch = torch.stack([tile[:, 0] if flat else tile for tile in tiles]).to(runner.device)
        outputs = _forward(torch, runner, batch, tiling.mirror_axes).to(place)
        for span, output in zip(group, outputs, strict=False):
            _add(sums[(slice(None), *span)], output[:, None] if flat else output, weight)
            weights[span] += weight
    # Where no tile was run (outside a region of interest) the sum is 0 too; elsewhere this is nnU-Net's division.
    torch.div(sums, torch.where(weights == 0, 1, weights), out=sums)
    if not torch.isfinite(sums).all():
        raise ModelError("The network gives numbers that are not finite.", "The weights or the image may be damaged.")
    return sums


def _add(sums: Any, output: Any, weight: Any) -> None:
    """Add a weighted tile to the sums, rounded as nnU-Net rounds."""
    if output.dtype == sums.dtype:
        sums += output * weight
    else:
        # Adding single to half precision in place gives the same numbers, but several times slower on a CPU.
        sums.copy_(sums.float() + output * weight.float())


def _forward(torch: Any, runner: Runner, batch: Any, mirror_axes: tuple[int, ...] | None) -> Any:
    output = runner.run(batch)
    if mirror_axes is None:
        return output
    axes = [axis + 2 for axis in mirror_axes]
    flips = [flip for count in range(len(axes)) for flip in itertools.combinations(axes, count + 1)]
    for flip in flips:
        output = output + torch.flip(runner.run(torch.flip(batch, flip)), flip)
    return output / (len(flips) + 1)


def _touches(span: Span, roi: Span, offsets: Sequence[int]) -> bool:
    return all(
        part.start < wanted.stop + offset and wanted.start + offset < part.stop
        for part, wanted, offset in zip(span, roi, offsets, strict=True)
    )
