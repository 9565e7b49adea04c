"""What all ways to compute a network have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..checkpoint import import_torch

MOST_MIRRORS = 8
"""Copies of a tile where all three axes are mirrored."""


@dataclass(frozen=True, eq=False)
class Runner:
    """A network that is ready to run on one device.

    Parameters
    ----------
    run
        Maps a tensor (batch, channels, tile) on ``device`` to (batch, classes, tile).
    device
        Where the input is expected and the output lies, a ``torch.device``.
    backend, precision
        Who computes, and with which numbers; for the provenance.
    batch
        Number of tiles that are computed together; always this many, so that a tile's result does not depend on how
        many there are.
    mirrors
        Up to how many mirrored copies of a batch are computed together.
    """

    run: Callable[[Any], Any]
    device: Any
    backend: str
    precision: str
    batch: int = 1
    mirrors: int = 1

    def as_dict(self) -> dict[str, object]:
        """Return what the provenance says of it."""
        return {"backend": self.backend, "precision": self.precision, "batch": self.batch}


def input_channels(network: Any) -> int:
    """Return the number of images that a network sees."""
    torch = import_torch()
    convolutions = (torch.nn.Conv2d, torch.nn.Conv3d)
    return int(next(part.in_channels for part in network.modules() if isinstance(part, convolutions)))
