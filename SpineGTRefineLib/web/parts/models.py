"""Models: run one on the open case; its mask arrives as a proposal, the one under edit does not change."""

from __future__ import annotations

from typing import Any, ClassVar

from ...engine import Progress, State
from ...recipes.definition import recipe, recipe_names
from ...review.run_board import Run
from .part import Part

WORDS = {State.DONE: "done", State.FAILED: "failed", State.CANCELLED: "cancelled"}


class ModelPart(Part):
    """Runs recipes, shows how far they are, cancels them."""

    START: ClassVar[dict[str, Any]] = {
        "recipes": [],
        "recipe": None,
        "can_run": False,
        "running": False,
        "run_stage": "",
        "run_percent": 0,
        "run_error": "",
    }

    def set_up(self) -> None:
        """List the recipes; the one for the kind of mask that is open is proposed."""
        self._run: Run | None = None
        self.state.recipes = [{"title": recipe(name).title, "value": name} for name in recipe_names()]
        self.state.can_run = self.station.has_engine
        self.station.session.runs.changed.connect(self.update)
        self.station.opened.connect(self._on_opened)

    def run(self) -> None:
        """Queue the chosen recipe for the open case."""
        if self.state.running or not self.station.is_open or not self.state.recipe:
            return
        session = self.station.session
        ticket = session.run(self.state.recipe, again=True)
        self._run = next(run for run in session.runs.runs if run.ticket is ticket)
        self.update()

    def cancel(self) -> None:
        """End the run."""
        if self._run is not None:
            self.station.session.cancel(self._run.ticket)
            self.update()

    def update(self) -> None:
        """Show how far the run is, or how it ended."""
        if self._run is None:
            return
        ticket, progress = self._run.ticket, self._run.progress
        self.state.running = not self._run.has_ended
        self.state.run_error = str(ticket.error or "") if ticket.state is State.FAILED else ""
        self.state.run_percent = 0
        if self._run.has_ended:
            self.state.run_stage = WORDS[ticket.state]
        elif ticket.cancelled_at is not None:
            self.state.run_stage = "being cancelled"
        elif progress is None:
            self.state.run_stage = "waiting"
        else:
            self.state.run_stage = _words(progress)
            self.state.run_percent = round(100 * progress.fraction)

    def _on_opened(self) -> None:
        if not self.station.is_open:
            return
        kind = self.station.session.item.mask_type.name
        fitting = [name for name in recipe_names() if recipe(name).mask_type.name == kind]
        if fitting:
            self.state.recipe = fitting[0]


def _words(progress: Progress) -> str:
    tiles = f" {progress.tile}/{progress.tiles}" if progress.tiles else ""
    left = "" if progress.eta_s is None else f", {round(progress.eta_s)} s left"
    return f"{progress.stage}{tiles}{left}"
