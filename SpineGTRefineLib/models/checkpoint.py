"""Open a PyTorch checkpoint without letting it run code.

A checkpoint is a pickle: opened the usual way it runs whatever its author put in. Here PyTorch's restricted reader is
used with the few harmless NumPy types that nnU-Net's training writes. There is no second, less careful try.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MissingDependencyError, ModelError, UnsafeModelError

SAFE_SINCE = (2, 6)
"""First PyTorch whose restricted reader has no known way around it (CVE-2025-32434)."""

_NOT_NNUNET = "Take the checkpoint that nnU-Net's training wrote."


@dataclass(frozen=True)
class Checkpoint:
    """What inference needs of a checkpoint.

    Parameters
    ----------
    weights
        Name of each parameter to its tensor, on the CPU.
    configuration
        The configuration of the plans that was trained, for example ``3d_fullres``.
    trainer
        Name of the trainer class, for the record only: it is never looked up or imported.
    mirror_axes
        Spatial axes along which mirrored copies may vote, or None.
    """

    weights: Mapping[str, Any]
    configuration: str
    trainer: str
    mirror_axes: tuple[int, ...] | None


def load_checkpoint(path: Path) -> Checkpoint:
    """Read an nnU-Net checkpoint.

    Raises
    ------
    UnsafeModelError
        The file asks for functions or classes outside the allow-list; they are named. Nothing of it was run.
    ModelError
        The file is missing, cut short, damaged, or not a checkpoint of nnU-Net.
    MissingDependencyError
        PyTorch is not installed, or too old to be safe.
    """
    content = load_tensors(path)
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a checkpoint of nnU-Net: it holds a {type(content).__name__}.", _NOT_NNUNET)
    try:
        weights = content["network_weights"]
        configuration = content["init_args"]["configuration"]
        trainer = content["trainer_name"]
    except (KeyError, TypeError, IndexError) as error:
        raise ModelError(f"{path} is not a checkpoint of nnU-Net: {error} is missing.", _NOT_NNUNET) from error
    axes = content.get("inference_allowed_mirroring_axes")
    return Checkpoint(dict(weights), str(configuration), str(trainer), None if axes is None else _axes(axes, path))


def load_tensors(path: Path, *, mapped: bool = True, harmless: Sequence[str] = ()) -> object:
    """Read any PyTorch file that holds tensors and plain values only; see :func:`load_checkpoint` for the errors.

    Parameters
    ----------
    path
        The file.
    mapped
        Leave the tensors on the disk until they are used: optimizer state, two thirds of a training checkpoint, never
        enters the memory. The file must not change while they live.
    harmless
        Full names of further classes that may occur. They are not imported: what the file holds of them is put into a
        plain container.
    """
    torch = import_torch()
    if not path.is_file():
        raise ModelError(f"{path} is missing.", "Install the model again.")
    allowed = [*_allowed_globals(), *((_Container, name) for name in harmless)]
    with torch.serialization.safe_globals(allowed):
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
        except pickle.UnpicklingError as error:
            raise UnsafeModelError(_reason(torch, path), "Do not use this file; tell its publisher.") from error
        except (RuntimeError, EOFError, OSError, KeyError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else repr(error)
            raise ModelError(
                f"{path} is cut short, damaged or of an old kind: {reason}",
                "Download the model again.",
            ) from error


class _Container(dict[Any, Any]):
    """Takes the place of a class that is not to be imported; keeps what it is filled with, whatever that is."""

    def __init__(self, *_arguments: object) -> None:
        super().__init__()


def import_torch() -> Any:
    """Return the module ``torch``.

    Raises
    ------
    MissingDependencyError
        It is not installed, or too old to open files safely.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError(
            "PyTorch is needed to run a model and is not installed.", "Install spine-gt-refine[models]."
        ) from error
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < SAFE_SINCE:
        raise MissingDependencyError(
            f"PyTorch {torch.__version__} cannot open model files safely (CVE-2025-32434).",
            "Install PyTorch 2.6 or newer.",
        )
    return torch


def _allowed_globals() -> list[Any]:
    """Harmless types that nnU-Net's own checkpoints hold: NumPy scalars of the training log."""
    scalar = np.float64(0).__reduce__()[0]
    dtypes = [np.dtype, *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64))]
    # Files written with NumPy 1 name the same function by its old module.
    return [*dtypes, scalar, (scalar, "numpy.core.multiarray.scalar")]


def _reason(torch: Any, path: Path) -> str:
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # The file was refused already; without the list the refusal stands.
        names = []
    asked = ", ".join(sorted(names)) or "something that PyTorch's restricted reader does not know"
    return f"{path} could run code: it asks for {asked}."


def _axes(axes: object, path: Path) -> tuple[int, ...]:
    if not isinstance(axes, (tuple, list)) or not all(isinstance(axis, int) and 0 <= axis <= 2 for axis in axes):
        raise ModelError(f"{path}: the mirroring axes {axes!r} do not fit an image.", "Install the model again.")
    return tuple(axes)
