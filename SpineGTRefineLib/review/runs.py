"""Recipes on the cases of a session: queued in the engine, come back as proposals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from ..bids import Dataset
from ..bids.tracks import Track
from ..engine import Engine, Progress, State, Ticket
from ..engine.recipe_jobs import recipe_job
from ..errors import MissingFileError, UsageError, WorkerError
from ..imaging import Geometry
from ..recipes.definition import recipe
from .origin import OriginKind, read_on_grid, saved_masks
from .proposals import Proposal
from .run_board import Run, RunBoard
from .signal import Signal
from .worklist import Item

ON_SCREEN = 10
"""Priority of what the rater waits for."""

BATCH = 0
"""Priority of a whole list of cases."""

AHEAD = -10
"""Priority of the next cases' models, behind everything that somebody asked for."""


class RecipeRuns:
    """Asks the engine for masks of a dataset's cases.

    Parameters
    ----------
    engine
        None where no worker is set up; then asking fails with a remedy, and nothing runs ahead.
    dataset, track
        The dataset, and whose masks count.
    recipes
        Which recipe makes the masks of a mask type, by name; those run ahead for cases without a mask.
    deliver
        Runs a callback on the caller's thread.

    Attributes
    ----------
    ended : Signal
        Emitted through ``deliver`` with the mask and the ticket when a run ends that nobody cancelled.
    board : RunBoard
        The runs that somebody asked for.
    """

    def __init__(
        self,
        engine: Engine | None,
        dataset: Dataset,
        track: Track,
        recipes: Mapping[str, str],
        deliver: Callable[[Callable[[], None]], None],
    ) -> None:
        self.ended: Signal[[Item, Ticket]] = Signal()
        self.board = RunBoard()
        self._engine = engine
        self._dataset = dataset
        self._track = track
        self._recipes = dict(recipes)
        self._deliver = deliver
        self._ahead: dict[tuple[str, str], Ticket] = {}

    def run(self, item: Item, name: str, *, priority: int = ON_SCREEN, **settings: Any) -> Ticket:
        """Queue a recipe; one that waits or runs already for this mask is not queued twice.

        Parameters
        ----------
        item
            The mask that the recipe makes.
        name
            The recipe.
        priority
            Higher goes first.
        settings
            See :func:`SpineGTRefineLib.engine.recipe_jobs.recipe_job`.

        Raises
        ------
        UsageError
            There is no such recipe, or no worker.
        """
        if self._engine is None:
            raise UsageError("No worker is set up that could run models.", "Set one up: spine-gt-refine doctor")
        recipe(name)
        if (known := self.board.find(item, name)) is not None:
            return known.ticket
        ticket = self._engine.submit(
            recipe_job(self._dataset, item.case, name, **settings),
            priority=priority,
            on_progress=lambda step: self._deliver(partial(self._advance, item, name, step)),
            on_end=partial(self._tell, item),
        )
        self.board.add(Run(item, name, ticket))
        return ticket

    def cancel(self, ticket: Ticket) -> None:
        """End a run; nothing is told about it any more."""
        if self._engine is not None:
            self._engine.cancel(ticket)

    def cancel_all(self) -> None:
        """End all runs that somebody asked for, those that wait first: none of them begins meanwhile."""
        for run in reversed(self.board.unfinished):
            self.cancel(run.ticket)

    def run_ahead(self, items: Iterable[Item]) -> None:
        """Queue the recipes of the next cases that have no mask yet; those of cases no longer ahead are dropped."""
        if self._engine is None:
            return
        wanted = {item.key: item for item in items if item.mask_type.name in self._recipes}
        for key in self._ahead.keys() - wanted.keys():
            self._engine.cancel(self._ahead.pop(key))
        for place, (key, item) in enumerate(wanted.items()):
            if key in self._ahead or next(saved_masks(self._dataset, item.case, item.mask_type, self._track), None):
                continue
            job = recipe_job(self._dataset, item.case, self._recipes[item.mask_type.name])
            with suppress(WorkerError):  # a convenience; what the rater asks for says that the worker is gone
                self._ahead[key] = self._engine.submit(job, priority=AHEAD - place, on_end=partial(self._tell, item))

    def bring_forward(self, key: tuple[str, str]) -> None:
        """Run what was queued ahead for a case before all else: it is on screen now."""
        ticket = self._ahead.pop(key, None)
        if ticket is not None and self._engine is not None:
            self._engine.prioritize(ticket, ON_SCREEN)

    def drop_ahead(self) -> None:
        """Give up what was queued for cases that nobody goes on to."""
        for ticket in self._ahead.values():
            self.cancel(ticket)
        self._ahead.clear()

    def _advance(self, item: Item, name: str, step: Progress) -> None:
        if (run := self.board.find(item, name)) is not None:
            self.board.advance(run, step)

    def _tell(self, item: Item, ticket: Ticket) -> None:
        self._deliver(self.board.changed.emit)
        if ticket.state is not State.CANCELLED:
            self._deliver(partial(self.ended.emit, item, ticket))


def read_proposal(dataset: Dataset, item: Item, track: Track, grid: Geometry, ticket: Ticket) -> Proposal:
    """Read back what a recipe saved.

    Raises
    ------
    RefineError
        The run failed, or its mask cannot be read.
    """
    if ticket.error is not None:
        raise ticket.error
    result = ticket.result or {}
    for origin in saved_masks(dataset, item.case, item.mask_type, track):
        if origin.kind is OriginKind.PROPOSAL and origin.path is not None:
            title = recipe(ticket.job["recipe"]).title
            return Proposal(read_on_grid(origin.path, item.mask_type, grid), title, tuple(result.get("notes", ())))
    raise MissingFileError(f"The run on {item.case.key} ended without a proposal.", "Run it again, with `again`.")
