"""A signal without Qt: PythonQt cannot define signals in Python, and this room knows no GUI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Signal(Generic[P]):
    """Calls every connected function, in order, on the thread that emits."""

    def __init__(self) -> None:
        self._slots: list[Callable[P, None]] = []

    def connect(self, slot: Callable[P, None]) -> None:
        """Call ``slot`` from now on; a slot that is connected already stays where it is."""
        if slot not in self._slots:
            self._slots.append(slot)

    def disconnect(self, slot: Callable[P, None]) -> None:
        """Stop calling ``slot``; unknown ones are ignored."""
        if slot in self._slots:
            self._slots.remove(slot)

    def emit(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the slots. A slot may disconnect itself or others meanwhile."""
        for slot in tuple(self._slots):
            if slot in self._slots:
                slot(*args, **kwargs)
