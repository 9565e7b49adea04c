"""The runs that a rater asked for, in order: which waits, which runs and how far, how each ended."""

from __future__ import annotations

from dataclasses import dataclass

from ..engine import Progress, State, Ticket
from .signal import Signal
from .worklist import Item

ENDED = frozenset({State.DONE, State.FAILED, State.CANCELLED})
KEPT = 500
"""Runs that are remembered; of a longer list those that ended first are forgotten."""


@dataclass(eq=False)
class Run:
    """One recipe on one case.

    Parameters
    ----------
    item
        The mask that it makes.
    recipe
        Name of the recipe.
    ticket
        Its place in the engine.
    progress
        How far it is; None before it begins.
    """

    item: Item
    recipe: str
    ticket: Ticket
    progress: Progress | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.ticket.state

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ENDED

    @property
    def is_computing(self) -> bool:
        """Whether the worker is at it."""
        return self.state in (State.RUNNING, State.SAVING) and self.ticket.cancelled_at is None


class RunBoard:
    """Lists runs.

    Attributes
    ----------
    changed : Signal
        Emitted on the thread of the front when a run was added, went on, ended or was forgotten.
    """

    def __init__(self) -> None:
        self.changed: Signal[[]] = Signal()
        self._runs: list[Run] = []

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, in the order in which they were asked for."""
        return tuple(self._runs)

    @property
    def unfinished(self) -> tuple[Run, ...]:
        """Runs that wait or run."""
        return tuple(run for run in self._runs if not run.has_ended)

    @property
    def current(self) -> Run | None:
        """The run that the worker is at, or the next one; None if there is nothing to do."""
        unfinished = self.unfinished
        return next((run for run in unfinished if run.is_computing), next(iter(unfinished), None))

    def find(self, item: Item, recipe: str) -> Run | None:
        """Return a run of this recipe for this mask that has not ended."""
        return next((run for run in self.unfinished if (run.item.key, run.recipe) == (item.key, recipe)), None)

    def add(self, run: Run) -> None:
        """Take down a run that was asked for."""
        self._runs.append(run)
        too_many = len(self._runs) - KEPT
        for ended in [run for run in self._runs if run.has_ended][: max(too_many, 0)]:
            self._runs.remove(ended)
        self.changed.emit()

    def advance(self, run: Run, progress: Progress) -> None:
        """Take down how far a run is."""
        run.progress = progress
        self.changed.emit()

    def forget(self, run: Run) -> None:
        """Take a run off the list."""
        if run in self._runs:
            self._runs.remove(run)
            self.changed.emit()
