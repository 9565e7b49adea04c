"""Choose the device for a network, and step down when its memory is too small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ..errors import ModelError, UsageError
from .checkpoint import import_torch
from .sliding import Place

Result = TypeVar("Result")

DEVICES = ("auto", "cpu", "cuda", "mps")
"""What a caller may ask for; ``cuda:1`` and so on choose one of several cards."""


def choose_device(name: str) -> Any:
    """Return the ``torch.device`` for a name of :data:`DEVICES`.

    Raises
    ------
    UsageError
        The name is unknown, or this machine has no such device.
    """
    torch = import_torch()
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, numbered, number = name.partition(":")
    if kind not in DEVICES:
        raise UsageError(f"There is no device called {name!r}.", f"Choose one of: {', '.join(DEVICES)}.")
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    cards = torch.cuda.device_count() if kind == "cuda" else 0
    is_there = not numbered or (number.isdecimal() and int(number) < cards)
    if not available.get(kind) or not is_there:
        raise UsageError(f"This machine has no device {name!r} that PyTorch can use.", "Use --device auto or cpu.")
    return torch.device(name)


def places_for(device: Any) -> tuple[Place, ...]:
    """Places to try, from the fastest to the one that needs least of the device's memory."""
    cpu = import_torch().device("cpu")
    if device.type == "cpu":
        return (Place(cpu, cpu),)
    if device.type == "cuda":
        return (Place(device, device), Place(device, cpu), Place(cpu, cpu))
    return (Place(device, cpu), Place(cpu, cpu))


def run_with_fallback(places: tuple[Place, ...], run: Callable[[Place], Result]) -> tuple[Result, Place, list[str]]:
    """Run at the first place whose memory suffices.

    Returns
    -------
    Result
        What ``run`` returned.
    Place
        Where that was.
    list of str
        What was tried before, and why it failed, for the provenance.

    Raises
    ------
    ModelError
        Even the last place has too little memory.
    """
    torch = import_torch()
    notes: list[str] = []
    last: Exception | None = None
    for place in places:
        try:
            return run(place), place, notes
        except (RuntimeError, MemoryError, NotImplementedError) as error:
            if not is_too_small(error):
                raise
            last = error
            notes.append(f"{_describe(place)}: {_first_line(error)}")
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
    raise _too_small(notes[-1]) from last


def export_with_fallback(logits: Any, export: Callable[[Any], Result], notes: list[str]) -> Result:
    """Export logits where they lie, or from the main memory if the device is too small; ``notes`` says so."""
    try:
        return export(logits)
    except (RuntimeError, MemoryError, NotImplementedError) as error:
        if logits.device.type == "cpu" or not is_too_small(error):
            raise
    notes.append(f"{logits.device}: too little memory for the export, which ran on the CPU")
    return export(logits.cpu())


@contextmanager
def refusing_what_does_not_fit() -> Iterator[None]:
    """Turn an error that says that the memory is too small into one that says what to do.

    Raises
    ------
    ModelError
        The memory is too small.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, NotImplementedError) or not is_too_small(error):
            raise
        raise _too_small(_first_line(error)) from error


def _too_small(reason: str) -> ModelError:
    return ModelError(
        f"The memory of this machine is too small for this image and model ({reason}).",
        "Give a region of interest, close other programs, or use a computer with more memory.",
    )


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else "out of memory"


def is_too_small(error: BaseException) -> bool:
    """Whether an error means that the device is too small, or (Apple's) lacks an operation."""
    if isinstance(error, (import_torch().OutOfMemoryError, MemoryError, NotImplementedError)):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text


def _describe(place: Place) -> str:
    return str(place.device) if place.device == place.sums else f"{place.device} with sums on {place.sums}"
