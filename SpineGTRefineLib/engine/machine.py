"""What a computer offers to a model: device, memory, cores; and how fast such devices are, about."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from ..models.checkpoint import import_torch
from ..process.memory import main_memory
from ..process.probe import describe_gpu

SPEED = {"cpu": 4e10, "cuda": 1e13, "mps": 2e12}
"""Floating point operations a second of a network on one core, on a common graphics card, on Apple's chips: a first
guess, until a run on this machine has shown the real speed."""


@dataclass(frozen=True)
class Machine:
    """What there is to compute with.

    Parameters
    ----------
    device
        ``cpu``, ``cuda`` (or ``cuda:N``) or ``mps``.
    main_total, main_free
        Main memory in bytes; free is None where the system hides it.
    device_free
        Free memory of the graphics card in bytes; None where there is none of its own.
    operations_per_s
        Speed of a network on the device.
    measured
        Whether that speed was measured here.
    """

    device: str
    main_total: int
    main_free: int | None
    device_free: int | None
    operations_per_s: float
    measured: bool = False

    @property
    def kind(self) -> str:
        """``cpu``, ``cuda`` or ``mps``."""
        return self.device.partition(":")[0]


def describe_machine(device: str, gpu: Mapping[str, Any] | None, *, operations_per_s: float | None = None) -> Machine:
    """Return what this machine offers for a device.

    Parameters
    ----------
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``, as the user asked.
    gpu
        What a Python with PyTorch said about the graphics card (:func:`~SpineGTRefineLib.process.environments.
        check_python`), or None.
    operations_per_s
        Measured speed, if there is one.

    Raises
    ------
    UsageError
        The name is unknown, or that Python sees no such device.
    """
    here = "cpu" if gpu is None else "cuda" if gpu.get("cuda") else "mps"
    chosen = here if device == "auto" else device
    kind, numbered, number = chosen.partition(":")
    if kind not in SPEED:
        raise UsageError(f"There is no device called {device!r}.", f"Choose one of: auto, {', '.join(SPEED)}.")
    cards = gpu.get("count", 1) if gpu is not None and kind == "cuda" else 0
    if kind not in ("cpu", here) or (numbered and not (number.isdecimal() and int(number) < cards)):
        raise UsageError(f"This machine has no device {device!r} that PyTorch can use.", "Use --device auto or cpu.")
    memory = main_memory()
    guess = SPEED[kind] * (os.cpu_count() or 1 if kind == "cpu" else 1)
    free = gpu.get("free_bytes") if gpu is not None and kind == "cuda" else None
    return Machine(
        chosen, memory.total, memory.available, free, operations_per_s or guess, measured=operations_per_s is not None
    )


def describe_card(device: str) -> dict[str, Any] | None:
    """Describe the graphics card for a job; memory that PyTorch keeps in this process for reuse counts as free."""
    if device == "cpu":
        return None
    torch = import_torch()
    index = int(device.partition(":")[2] or 0)
    gpu = describe_gpu(index)
    if gpu is not None and gpu["free_bytes"] is not None:
        gpu["free_bytes"] += torch.cuda.memory_reserved(index) - torch.cuda.memory_allocated(index)
    return gpu
