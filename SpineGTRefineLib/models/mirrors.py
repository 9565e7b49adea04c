"""Mirrored copies of a tile: they vote, and the one mirrored from left to right is a second opinion."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .backends.runner import Runner


@dataclass(frozen=True)
class SecondOpinion:
    """What the mirrored image is compared for.

    Parameters
    ----------
    axis
        Axis of a tile along which it is mirrored.
    distance
        Gives how far the logits (channels, ...) of the tile and of the mirrored one, turned back, are apart.
    """

    axis: int
    distance: Callable[[Any, Any], Any]


def mirrored_mean(
    torch: Any, runner: Runner, batch: Any, mirror_axes: tuple[int, ...] | None, asked: int | None
) -> tuple[Any, Any, Any]:
    """Run a network on a batch and on its mirrored copies, added up in nnU-Net's order.

    Parameters
    ----------
    torch
        The module.
    runner, batch
        The network and its input (batch, channels, tile).
    mirror_axes
        Axes of the tile along which copies vote, or None.
    asked
        Axis of the batch whose mirrored copy is wanted for itself, or None.

    Returns
    -------
    tuple of torch.Tensor
        The mean of the votes; the output of the batch as it is; that of the copy along ``asked``, or None.
    """
    axes = [axis + 2 for axis in mirror_axes or ()]
    votes = [flip for count in range(len(axes) + 1) for flip in itertools.combinations(axes, count)]
    flips = votes if asked is None or (asked,) in votes else [*votes, (asked,)]
    total: Any = None
    straight = opinion = None
    for start in range(0, len(flips), runner.mirrors):
        together = flips[start : start + runner.mirrors]
        result = runner.run(torch.cat([torch.flip(batch, flip) for flip in together]))
        for flip, output in zip(together, result.split(len(batch)), strict=True):
            turned = torch.flip(output, flip) if flip else output
            straight = turned if not flip else straight
            opinion = turned if flip == (asked,) else opinion
            if flip in votes:
                total = turned if total is None else total + turned
    return total / len(votes), straight, opinion
