"""nnU-Net's three folders, and whether nnU-Net is there at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path

from ..errors import MissingDependencyError
from ..models.loading import quiet


@dataclass(frozen=True)
class Workspace:
    """nnU-Net's three folders below one.

    Parameters
    ----------
    root
        Holds ``raw``, ``preprocessed`` and ``results``.
    """

    root: Path

    @property
    def raw(self) -> Path:
        """Datasets as they were written."""
        return self.root / "raw"

    @property
    def preprocessed(self) -> Path:
        """Resampled and normalized cases, and the plans."""
        return self.root / "preprocessed"

    @property
    def results(self) -> Path:
        """Trained models."""
        return self.root / "results"

    @contextlib.contextmanager
    def active(self, workers: int | None = None) -> Iterator[None]:
        """Let nnU-Net see these folders, in this block only."""
        values = {f"nnUNet_{name}": str(self.root / name) for name in ("raw", "preprocessed", "results")}
        # Zero workers would make the planner ask PyTorch for zero threads: it is set for the training alone.
        if workers is not None:
            values["nnUNet_n_proc_DA"] = str(workers)
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


@contextlib.contextmanager
def listing_on_threads() -> Iterator[None]:
    """Let nnU-Net list its files on threads, in this block only.

    Its own pool of forked processes hangs where the program has threads besides, as a worker has.
    """
    from nnunetv2.utilities import utils

    before = utils.Pool
    utils.Pool = ThreadPool
    try:
        yield
    finally:
        utils.Pool = before


def require_nnunet() -> None:
    """Make sure that nnU-Net is installed.

    Raises
    ------
    MissingDependencyError
        It is not.
    """
    try:
        with quiet():
            import nnunetv2  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "nnU-Net is needed to train a model and is not installed.", "Install spine-gt-refine[models]."
        ) from error
