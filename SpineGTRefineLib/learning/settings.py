"""What a training run is told: sizes, length, augmentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from ..errors import UsageError

OPTIMIZERS = ("sgd", "adamw")

_LEAST = {
    "epochs": 1,
    "iterations_per_epoch": 1,
    "validation_iterations": 1,
    "save_every": 1,
    "workers": 0,
    "seed": 0,
}
"""Fields that are whole numbers, and the least that each may be."""

_PART = re.compile(r"encoder(:[1-9]\d*)?|decoder")


@dataclass(frozen=True)
class SmallNetwork:
    """A network smaller than nnU-Net would plan, for demos, tests and machines without a GPU.

    Parameters
    ----------
    spacing
        Voxel size that the network works at, in nnU-Net's axis order (z, y, x), in mm; (y, x) for a network that sees
        single slices (configuration ``2d``).
    patch_size
        Size of a tile in voxels, same order; a multiple of 2 ** (number of stages - 1).
    features
        Number of feature maps of each stage, at least three; every stage halves the resolution.
    batch_size
        Tiles per step.
    """

    spacing: tuple[float, ...]
    patch_size: tuple[int, ...]
    features: tuple[int, ...]
    batch_size: int = 2

    def __post_init__(self) -> None:
        if len(self.spacing) != len(self.patch_size) or len(self.spacing) not in (2, 3):
            raise UsageError(f"Spacing {self.spacing} and patch {self.patch_size} both need two or three numbers.")
        if min(*self.spacing, *self.patch_size, *self.features, self.batch_size) <= 0:
            raise UsageError("Sizes of a network have to be above 0.", "Correct spacing, patch, features or batch.")
        # nnU-Net gives the coarsest supervised output no weight; with two stages there would be no other.
        if len(self.features) < 3:
            raise UsageError(f"A network needs at least three stages; got {len(self.features)}.")
        factor = 2 ** (len(self.features) - 1)
        if any(size % factor for size in self.patch_size):
            raise UsageError(f"Each side of the patch {self.patch_size} must be a multiple of {factor}.")


@dataclass(frozen=True)
class TrainingSettings:
    """How to train; the defaults are nnU-Net's own except for mirroring.

    Parameters
    ----------
    configuration
        Configuration of the plans: ``3d_fullres``, ``3d_lowres`` or ``2d``.
    fold
        0 to 4, or ``all`` for training on every case.
    epochs, iterations_per_epoch, validation_iterations
        Length of the training.
    learning_rate
        At the start; it falls to 0 along nnU-Net's curve.
    optimizer
        ``sgd`` (nnU-Net's) or ``adamw`` (better for a few hundred steps).
    mirroring
        Whether images are mirrored. Off, since levels and left and right have a direction.
    small
        A smaller network than planned, or None.
    workers
        Processes that prepare batches; 0 does it in this process.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    bfloat16
        Whether a CPU computes the network in bfloat16. About twice as fast where the processor has instructions for it
        (AVX-512 BF16, AMX), and slower elsewhere. The weights stay in single precision.
    label_weights
        How much each label counts in the cross-entropy, background first; empty for all alike. A short training
        overlooks a small structure that does not count more.
    seed
        Of the first weights and of the augmentation, less than 2 ** 32.
    save_every
        Epochs between two checkpoints from which a stopped training goes on.
    freeze
        Parts of the network that learn nothing, see :func:`.network_parts.freeze`.
    memory_gb
        Memory of the graphics card that the network is planned for.

    Raises
    ------
    UsageError
        A value cannot be trained with. Hours later it would fail somewhere in PyTorch or nnU-Net.
    """

    configuration: str = "3d_fullres"
    fold: int | str = 0
    epochs: int = 1000
    iterations_per_epoch: int = 250
    validation_iterations: int = 50
    learning_rate: float = 1e-2
    optimizer: str = "sgd"
    mirroring: bool = False
    small: SmallNetwork | None = None
    workers: int = 0
    device: str = "auto"
    bfloat16: bool = False
    label_weights: tuple[float, ...] = ()
    seed: int = 0
    save_every: int = 1
    freeze: tuple[str, ...] = ()
    memory_gb: float = 8.0

    def __post_init__(self) -> None:
        for name, wanted in self._unfit():
            raise UsageError(
                f"Nothing can be trained with {name} = {getattr(self, name)!r}.", f"It has to be {wanted}."
            )

    def _unfit(self) -> Iterator[tuple[str, str]]:
        """Yield fields that cannot be used, and what they have to be."""
        for name, least in _LEAST.items():
            number = getattr(self, name)
            if not isinstance(number, int) or number < least:
                yield name, f"a whole number, at least {least}"
        if self.seed >= 2**32:
            yield "seed", "less than 2 ** 32"
        for name in ("learning_rate", "memory_gb"):
            number = getattr(self, name)
            if not isinstance(number, int | float) or not 0 < number < inf:
                yield name, "a number above 0"
        if self.optimizer not in OPTIMIZERS:
            yield "optimizer", " or ".join(OPTIMIZERS)
        if not all(_PART.fullmatch(str(part)) for part in self.freeze):
            yield "freeze", "a list of encoder, encoder:N (its first N stages) and decoder"
