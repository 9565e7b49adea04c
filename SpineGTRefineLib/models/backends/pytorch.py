"""Networks computed by PyTorch."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from typing import Any

from ..checkpoint import import_torch
from .runner import Runner

SLOW_BELOW = 20480
"""On a CPU, PyTorch sends a 3D convolution of a single tile to its old, slow code if channels x depth x height of the
input are at most this (``aten/src/ATen/native/Convolution.cpp``); two tiles at once always take the fast one."""


def exact_runner(network: Any, device: Any, tile: Sequence[int]) -> Runner:
    """Return the network as nnU-Net runs it: single precision, on a CUDA card PyTorch's automatic half precision."""
    torch = import_torch()
    network = network.to(device).eval()
    batch = tiles_at_once(network, tile) if device.type == "cpu" else 1
    if device.type != "cuda":
        return Runner(network, device, "torch", "fp32", batch)

    def run(tiles: Any) -> Any:
        with torch.autocast("cuda"):
            return network(tiles)

    return Runner(run, device, "torch", "fp16 autocast", batch)


def tiles_at_once(network: Any, tile: Sequence[int]) -> int:
    """Return 2 for a network so small that most of its work would take PyTorch's slow convolution, else 1."""
    torch = import_torch()
    first = next((part for part in network.modules() if isinstance(part, torch.nn.Conv3d)), None)
    return 2 if first is not None and first.out_channels * math.prod(tile[:2]) <= SLOW_BELOW else 1


def bf16_runner(network: Any, device: Any, tile: Sequence[int]) -> Runner:
    """Return the network with weights and layers in bfloat16."""
    halved = copy.deepcopy(network).bfloat16().eval()
    return Runner(lambda tiles: halved(tiles.bfloat16()).float(), device, "torch", "bf16", tiles_at_once(network, tile))


def is_bf16_faster(network: Any, device: Any, tile: Sequence[int]) -> bool:
    """Whether this CPU computes a network faster in bfloat16; tried on one small tile."""
    if not import_torch().ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    one, other = (make(network, device, tile) for make in (bf16_runner, exact_runner))
    return _faster(one, other, _trial_tile(network, tile))


def _faster(one: Runner, other: Runner, shape: tuple[int, ...]) -> bool:
    torch = import_torch()
    tiles = torch.zeros((one.batch, *shape))
    seconds = []
    with torch.inference_mode():
        for runner in (one, other):
            runner.run(tiles)  # the first call prepares the weights
            started = time.perf_counter()
            runner.run(tiles)
            seconds.append(time.perf_counter() - started)
    return seconds[0] < seconds[1]


def _trial_tile(network: Any, tile: Sequence[int]) -> tuple[int, ...]:
    """Channels and a tile of half the length along each axis that the network can still divide, twice at least."""
    torch = import_torch()
    parts = [p for p in network.encoder.modules() if isinstance(p, (torch.nn.Conv2d, torch.nn.Conv3d))]
    strides = [math.prod(part.stride[axis] for part in parts) for axis in range(len(tile))]
    fits = [size // 2 % stride == 0 and size // 2 >= 2 * stride for size, stride in zip(tile, strides, strict=True)]
    halves = (size // 2 if fit else size for size, fit in zip(tile, fits, strict=True))
    return (parts[0].in_channels, *halves)
