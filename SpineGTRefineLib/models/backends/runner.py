"""What all ways to compute a network have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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
    """

    run: Callable[[Any], Any]
    device: Any
    backend: str
    precision: str
    batch: int = 1

    def as_dict(self) -> dict[str, object]:
        """Return what the provenance says of it."""
        return {"backend": self.backend, "precision": self.precision, "batch": self.batch}
