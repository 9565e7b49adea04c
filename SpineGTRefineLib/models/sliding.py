"""Slide networks over an image in overlapping tiles, with the arithmetic of nnU-Net.

The tile grid, the weighting and the rounding (sums in half precision) are those of nnU-Net, so that the result is the
same to the last voxel; progress, cancel, a region of interest and a second opinion are added around them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import CancelledError, ModelError
from ..imaging import Box
from .backends.runner import Runner
from .checkpoint import import_torch
from .mirrors import SecondOpinion, mirrored_mean
from .tiles import Span, Tiling, covering_spans, focused_spans, tile_spans, touching

HALF_BYTES = 2
"""Size of a number that tiles are added up in."""


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
    roi: np.ndarray | None = None,
    *,
    focus: bool = False,
    opinion: SecondOpinion | None = None,
) -> tuple[Any, Any]:
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
        Boolean array (x, y, z): only tiles that touch it are run. Inside it the result is exactly that of a full run,
        outside it means nothing.
    focus
        Place the tiles around ``roi``, as few as cover it; the result is not that of a full run.
    opinion
        What is asked of the mirrored image, if anything. Where the mirrored copies of ``tiling`` hold it, it costs
        nothing; otherwise a part of the tiles that covers the image is run once more.

    Returns
    -------
    torch.Tensor
        Logits (classes, x, y, z), where the tiles were added up.
    torch.Tensor or None
        Distance of the second opinion (x, y, z), the mean over tiles and networks.

    Raises
    ------
    CancelledError
        The caller stopped the work.
    ModelError
        A network gave numbers that are not finite.
    torch.OutOfMemoryError
        The card that is to add the tiles up has too little free memory; nothing was computed.
    """
    torch = import_torch()
    from acvl_utils.cropping_and_padding.padding import pad_nd_image

    padded, revert = pad_nd_image(data, tiling.tile, "constant", {"value": 0}, return_slicer=True)
    shape = tuple(padded.shape[1:])
    spans = tile_spans(shape, tiling)
    if roi is not None:
        wanted = np.zeros(shape, dtype=bool)
        wanted[revert[1:]] = roi
        around = Box.around(wanted) if focus else None
        spans = touching(spans, wanted) if around is None else focused_spans(shape, around.slices, tiling)
    maps = (classes + 1) * min(len(runners), 2) + (0 if opinion is None else 2)
    _require_room(torch, sums, padded[0].numel() * (HALF_BYTES * maps + padded.element_size() * len(padded)))
    run = _Run(torch, tiling, sums, _Steps(control, len(spans) * len(runners)), opinion)
    logits: Any = None
    apart: Any = None
    with torch.inference_mode():
        for runner in runners:
            one, doubt = run.network(runner, padded, classes, spans)
            logits = one if logits is None else logits.add_(one)
            apart = doubt if apart is None else apart.add_(doubt)
        if len(runners) > 1:
            logits /= len(runners)
            apart = None if apart is None else apart.div_(len(runners))
    return logits[(slice(None), *revert[1:])], None if apart is None else apart[(0, *revert[1:])]


def _require_room(torch: Any, place: Any, needed: int) -> None:
    """Refuse what a card cannot hold before it is asked: some drivers would go on, in main memory and very slowly."""
    if place.type != "cuda":
        return
    free = torch.cuda.mem_get_info(place)[0] + torch.cuda.memory_reserved(place) - torch.cuda.memory_allocated(place)
    if needed > free:
        raise torch.OutOfMemoryError(
            f"out of memory: {needed / 2**30:.1f} GiB to add the tiles up, {free / 2**30:.1f} GiB free"
        )


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


class _Sums:
    """Overlapping tiles added up, each weighted to its middle, in half precision as nnU-Net's."""

    def __init__(self, torch: Any, channels: int, shape: Sequence[int], weight: Any, place: Any) -> None:
        self._torch = torch
        self._weight = weight
        self._sums = torch.zeros((channels, *shape), dtype=torch.half, device=place)
        self._weights = torch.zeros(tuple(shape), dtype=torch.half, device=place)

    def add(self, span: Span, output: Any) -> None:
        """Add the output (channels, tile) of one tile, rounded as nnU-Net rounds."""
        part = self._sums[(slice(None), *span)]
        output = output.to(part.device).reshape(part.shape)  # a network that sees slices leaves an axis out
        if output.dtype == part.dtype:
            part += output * self._weight
        else:
            # Adding single to half precision in place gives the same numbers, but several times slower on a CPU.
            part.copy_(part.float() + output * self._weight.float())
        self._weights[span] += self._weight

    def mean(self) -> Any:
        """Return the weighted mean; 0 where no tile was."""
        torch, weights = self._torch, self._weights
        torch.div(self._sums, torch.where(weights == 0, 1, weights), out=self._sums)
        # One channel after the other: nothing as large as the sums is needed beside them.
        if not all(torch.isfinite(channel).all() for channel in self._sums):
            raise ModelError(
                "The network gives numbers that are not finite.", "The weights or the image may be damaged."
            )
        return self._sums


class _Run:
    """One prediction: what is the same for all its networks."""

    def __init__(self, torch: Any, tiling: Tiling, place: Any, steps: _Steps, opinion: SecondOpinion | None) -> None:
        self._torch = torch
        self._tiling = tiling
        self._place = place
        self._steps = steps
        self._opinion = opinion

    def network(self, runner: Runner, data: Any, classes: int, spans: Sequence[Span]) -> tuple[Any, Any]:
        """Return logits and distances of one network."""
        from nnunetv2.inference.sliding_window_prediction import compute_gaussian

        torch, tiling, place = self._torch, self._tiling, self._place
        data = data.to(place)
        shape = data.shape[1:]
        weight = compute_gaussian(tiling.tile, sigma_scale=1 / 8, value_scaling_factor=10, device=place)
        sums = _Sums(torch, classes, shape, weight, place)
        apart = None if self._opinion is None else _Sums(torch, 1, shape, weight, place)
        asked = self._asked(spans)
        for start in range(0, len(spans), runner.batch):
            group = spans[start : start + runner.batch]
            for _ in group:
                self._steps.next()
            outputs, distances = self._tiles(runner, data, group, ask=any(map(asked, group)))
            for span, output in zip(group, outputs, strict=False):
                sums.add(span, output)
            for span, distance in zip(group, distances, strict=False):
                if apart is not None and asked(span):
                    apart.add(span, distance)
        return sums.mean(), None if apart is None else apart.mean()

    def _asked(self, spans: Sequence[Span]) -> Callable[[Span], bool]:
        """Return which tiles are asked for a second opinion: all if it is among the copies that vote anyway."""
        if self._opinion is None:
            return lambda _span: False
        if self._tiling.mirror_axes is not None and self._opinion.axis in self._tiling.mirror_axes:
            return lambda _span: True
        covering = {tuple(part.start for part in span) for span in covering_spans(spans)}
        return lambda span: tuple(part.start for part in span) in covering

    def _tiles(self, runner: Runner, data: Any, group: Sequence[Span], *, ask: bool) -> tuple[Any, Any]:
        """Compute some tiles together; returns outputs (batch, ...) and the distances of the second opinions."""
        torch = self._torch
        flat = len(self._tiling.tile) < data.ndim - 1
        tiles = [data[(slice(None), *span)] for span in group]
        # A batch is always full: the last tile fills it up.
        tiles += [tiles[-1]] * (runner.batch - len(tiles))
        batch = torch.stack([tile[:, 0] if flat else tile for tile in tiles]).to(runner.device)
        axis = self._opinion.axis + 2 if self._opinion is not None and ask else None
        output, straight, mirrored = mirrored_mean(torch, runner, batch, self._tiling.mirror_axes, axis)
        if self._opinion is None or mirrored is None:
            return output, ()
        return output, [self._opinion.distance(one, other) for one, other in zip(straight, mirrored, strict=True)]
