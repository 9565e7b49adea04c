"""What a network costs: parameters, multiplications and memory of one tile, from the plans alone (without PyTorch)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ModelError
from .folder import ResultsFolder


@dataclass(frozen=True)
class NetworkCost:
    """Cost of a U-Net on one tile.

    Parameters
    ----------
    parameters
        Number of weights.
    operations
        Floating point operations for one tile; a multiplication and its addition are two.
    values
        Largest number of values between the layers that are kept at a time.
    """

    parameters: int
    operations: int
    values: int


def configuration_of(folder: ResultsFolder, name: str | None = None) -> dict[str, Any]:
    """Return a configuration of the plans with all that it inherits.

    Parameters
    ----------
    folder
        The results folder.
    name
        The configuration that the checkpoint states; None to take the one of the folder's name, else the finest in
        three dimensions (the checkpoint itself is only read where there is PyTorch).
    """
    configurations = folder.plans["configurations"]
    guesses = (name, folder.path.name.rpartition("__")[2], "3d_fullres", next(iter(configurations)))
    chosen = next(guess for guess in guesses if guess in configurations)
    configuration = dict(configurations[chosen])
    while parent := configuration.pop("inherits_from", None):
        configuration = {**configurations[parent], **configuration}
    return configuration


def network_cost(configuration: Mapping[str, Any], channels: int, classes: int) -> NetworkCost:
    """Return the cost of the U-Net of a configuration.

    Parameters
    ----------
    configuration
        See :func:`configuration_of`.
    channels, classes
        Number of input images and of outputs.

    Raises
    ------
    ModelError
        The plans do not describe a U-Net.
    """
    try:
        stages = _stages(configuration)
        strides = [tuple(stride) for stride in stages["strides"]]
        kernels = [math.prod(kernel) for kernel in stages["kernel_sizes"]]
        features, down, up = stages["features_per_stage"], stages["down"], stages["up"]
        tile = tuple(configuration["patch_size"])
    except (KeyError, TypeError, IndexError) as error:
        raise ModelError(
            f"plans.json does not describe a U-Net that can be planned: {error!r}.", "Install the model again."
        ) from error
    parameters = operations = 0
    voxels: list[int] = []
    before = channels
    for level, stride in enumerate(strides):
        tile = tuple(-(-size // step) for size, step in zip(tile, stride, strict=True))
        voxels.append(math.prod(tile))
        weights = kernels[level] * features[level] * (before + (down[level] - 1) * features[level])
        parameters, operations = parameters + weights, operations + 2 * weights * voxels[level]
        before = features[level]
    for level in range(len(strides) - 1):
        # Each level of the way up: a transposed convolution, then convolutions of it joined to the skip connection.
        joined = kernels[level] * features[level] ** 2 * (1 + up[level])
        transposed = features[level + 1] * features[level]
        parameters += joined + transposed * math.prod(strides[level + 1])
        operations += 2 * (joined + transposed) * voxels[level]
    operations += 2 * features[0] * classes * voxels[0]
    kept = sum(feature * size for feature, size in zip(features, voxels, strict=True))
    # On top of the skip connections the finest level holds two joined maps, the result of a layer and its norm.
    return NetworkCost(parameters, operations, kept + (4 * features[0] + classes) * voxels[0])


def _stages(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return features, kernels, strides and number of convolutions of each level, from new or old plans."""
    if "architecture" in configuration:
        arguments = dict(configuration["architecture"]["arch_kwargs"])
        count = arguments["n_stages"]
        plain = arguments.get("n_conv_per_stage")
        # A residual block has two convolutions.
        down = plain if plain is not None else [2 * n for n in _each(arguments["n_blocks_per_stage"], count)]
        kernels = arguments["kernel_sizes"]
        up = arguments["n_conv_per_stage_decoder"]
        return {**arguments, "kernel_sizes": kernels, "down": _each(down, count), "up": _each(up, count - 1)}
    strides = configuration["pool_op_kernel_sizes"]
    base, most = configuration["UNet_base_num_features"], configuration["unet_max_num_features"]
    return {
        "strides": strides,
        "kernel_sizes": configuration["conv_kernel_sizes"],
        "features_per_stage": [min(base * 2**level, most) for level in range(len(strides))],
        "down": configuration["n_conv_per_stage_encoder"],
        "up": configuration["n_conv_per_stage_decoder"],
    }


def _each(value: int | Sequence[int], count: int) -> list[int]:
    return [value] * count if isinstance(value, int) else list(value)
