"""Networks computed by PyTorch."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..checkpoint import import_torch
from .channels_last import channels_last
from .runner import MOST_MIRRORS, Runner, input_channels

SLICES_AT_ONCE = 8
"""Small tiles of a network of slices that are computed together: each operation costs more than its arithmetic."""

SMALL_MAP = 2**17
"""Values of its largest map up to which a network of slices is small."""

MEMORY_SHARE = 0.7
"""Part of a card's free memory that the mirrored copies of a tile may take together."""


def exact_runner(network: Any, device: Any, tile: Sequence[int]) -> Runner:
    """Return the network as nnU-Net runs it: single precision, on a CUDA card PyTorch's automatic half precision."""
    torch = import_torch()
    network = network.to(device).eval()
    if device.type == "cpu":
        return Runner(channels_last(network) or network, device, "torch", "fp32", tiles_at_once(network, tile))
    if device.type != "cuda":
        return Runner(network, device, "torch", "fp32")

    def run(tiles: Any) -> Any:
        with torch.autocast("cuda"):
            return network(tiles)

    return Runner(run, device, "torch", "fp16 autocast", mirrors=_mirrors_that_fit(run, network, device, tile))


def bf16_runner(network: Any, device: Any, tile: Sequence[int]) -> Runner:
    """Return the network with weights and layers in bfloat16."""
    halved = copy.deepcopy(network).bfloat16().eval()
    halved = channels_last(halved) or halved
    return Runner(lambda tiles: halved(tiles.bfloat16()).float(), device, "torch", "bf16", tiles_at_once(network, tile))


def tiles_at_once(network: Any, tile: Sequence[int]) -> int:
    """Return how many tiles a CPU computes together: several small slices, else 1.

    Volumes need no batch: what makes PyTorch compute a single small one slowly is avoided (:mod:`.channels_last`).
    """
    torch = import_torch()
    first = next((part for part in network.modules() if isinstance(part, torch.nn.Conv2d)), None)
    return SLICES_AT_ONCE if first is not None and first.out_channels * math.prod(tile) <= SMALL_MAP else 1


def _mirrors_that_fit(run: Callable[[Any], Any], network: Any, device: Any, tile: Sequence[int]) -> int:
    """Return how many mirrored copies of a tile a card can compute together, from what one takes of its memory."""
    torch = import_torch()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    with torch.inference_mode():
        run(torch.zeros((1, input_channels(network), *tile), device=device))
    needed = torch.cuda.max_memory_allocated(device) - before
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(device)
    return max(1, min(MOST_MIRRORS, int(MEMORY_SHARE * free / max(1, needed))))


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
    parts = [part for part in network.encoder.modules() if isinstance(part, (torch.nn.Conv2d, torch.nn.Conv3d))]
    strides = [math.prod(part.stride[axis] for part in parts) for axis in range(len(tile))]
    fits = [size // 2 % stride == 0 and size // 2 >= 2 * stride for size, stride in zip(tile, strides, strict=True)]
    halves = (size // 2 if fit else size for size, fit in zip(tile, fits, strict=True))
    return (parts[0].in_channels, *halves)
