"""Models: run one on the open case; its mask arrives as a proposal, the one under edit does not change."""

from __future__ import annotations

from typing import Any, ClassVar

from ...engine import Progress, State, Ticket
from ...recipes.definition import recipe, recipe_names
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
        self._ticket: Ticket | None = None
        self.state.recipes = [{"title": recipe(name).title, "value": name} for name in recipe_names()]
        self.state.can_run = self.station.has_engine
        self.station.opened.connect(self._on_opened)

    def run(self) -> None:
        """Queue the chosen recipe for the open case."""
        if self._ticket is not None or not self.station.is_open or not self.state.recipe:
            return
        self.state.run_error = ""
        self._ticket = self.station.session.run(self.state.recipe, on_progress=self._on_progress, again=True)
        self.state.running, self.state.run_stage, self.state.run_percent = True, "waiting", 0

    def cancel(self) -> None:
        """End the run."""
        if self._ticket is not None:
            self.station.session.cancel(self._ticket)
            self.state.run_stage = "being cancelled"

    def poll(self) -> bool:
        """Look whether the run has ended (one that failed brings no proposal); return whether it just has."""
        ticket = self._ticket
        if ticket is None or ticket.state not in WORDS:
            return False
        self._ticket = None
        self.state.running = False
        self.state.run_stage = WORDS[ticket.state]
        self.state.run_error = str(ticket.error or "")
        self.state.run_percent = 100 if ticket.state is State.DONE else 0
        return True

    def _on_progress(self, progress: Progress) -> None:
        if self._ticket is None:
            return
        self.state.run_percent = round(100 * progress.fraction)
        tiles = f" {progress.tile}/{progress.tiles}" if progress.tiles else ""
        left = "" if progress.eta_s is None else f", {round(progress.eta_s)} s left"
        self.state.run_stage = f"{progress.stage}{tiles}{left}"
        self.station.changed.emit()

    def _on_opened(self) -> None:
        if not self.station.is_open:
            return
        kind = self.station.session.item.mask_type.name
        fitting = [name for name in recipe_names() if recipe(name).mask_type.name == kind]
        if fitting:
            self.state.recipe = fitting[0]
