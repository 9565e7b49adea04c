"""Choose how the networks of a model are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import openvino, pytorch
from .runner import Runner

MODES = ("exact", "fast")
"""``exact``: the numbers of nnU-Net's own run. ``fast``: bfloat16 where the processor has it; a few voxels in a
thousand at borders may differ."""

Kept = dict[tuple[str, str, tuple[int, ...]], tuple[tuple[Runner, ...], tuple[str, ...]]]
"""Runners by device, mode and tile, kept with the loaded model, and what is to be noted about them."""


def runners_for(
    networks: Mapping[str, Any], tile: Sequence[int], device: Any, mode: str, kept: Kept
) -> tuple[tuple[Runner, ...], tuple[str, ...]]:
    """Return a runner for each network, and notes.

    Parameters
    ----------
    networks
        By fold.
    tile
        Size of a tile.
    device
        The ``torch.device``.
    mode
        One of :data:`MODES`.
    kept
        Runners that were made before; new ones are added.

    Notes
    -----
    On a CPU OpenVINO is taken if it is installed. If it cannot take this network, PyTorch does, and a note says so.
    """
    for network in networks.values():
        network.to(device)  # where another run may have moved it from
    key = (str(device), mode, tuple(tile))
    if key not in kept:
        kept[key] = _made(list(networks.values()), tile, device, mode)
    return kept[key]


def _made(
    networks: list[Any], tile: Sequence[int], device: Any, mode: str
) -> tuple[tuple[Runner, ...], tuple[str, ...]]:
    notes = []
    if device.type == "cpu" and openvino.is_installed():
        try:
            return tuple(openvino.openvino_runner(n, tile, bf16=mode == "fast") for n in networks), ()
        except (RuntimeError, ImportError, OSError) as error:
            notes.append(f"OpenVINO could not take this network, PyTorch ran it: {str(error).splitlines()[0]}")
    make = pytorch.exact_runner
    if mode == "fast" and device.type == "cpu":
        if pytorch.is_bf16_faster(networks[0], device, tile):
            make = pytorch.bf16_runner
        else:
            notes.append("This processor is not faster in bfloat16: fast mode ran as exact mode")
    return tuple(make(network, device, tile) for network in networks), tuple(notes)
