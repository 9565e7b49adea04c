"""Learn: build a version, train, compare with the champion, rank; the work goes on in another process."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from ...bids import MaskType, mask_type
from ...engine import Engine
from ...engine.plan import duration
from ...errors import RefineError, UsageError
from ...learning.training import fine_tuning_of, preset_names, settings_of
from ...learning.training.desk import TRAINERS, Choices, LearnDesk
from ...learning.training.overview import ModelRow, Overview, read_overview
from ...learning.training.worker import learning_engine
from ...review.signal import Signal
from .part import Part

NOTHING = "nothing"
"""Stands for weights that begin from nothing."""


class LearnPart(Part):
    """Shows the loop of the dataset, and lets it turn.

    Attributes
    ----------
    ranked : Signal
        The masks have another order.
    """

    START: ClassVar[dict[str, Any]] = {
        "learn": False,
        "learn_kind": "",
        "learn_versions": [],
        "learn_version": None,
        "learn_starts": [NOTHING],
        "learn_start": NOTHING,
        "learn_trainers": list(TRAINERS),
        "learn_trainer": TRAINERS[0],
        "learn_presets": [],
        "learn_preset": None,
        "learn_models": [],
        "learn_model": None,
        "learn_working": False,
        "learn_percent": 0,
        "learn_stage": "",
    }

    def set_up(self) -> None:
        """List the settings; nothing else is looked at before somebody asks."""
        self.ranked: Signal[[]] = Signal()
        self._overview = Overview()
        self._desk = LearnDesk(self.station.session.dataset, self._make_engine, self._on_change)
        self.state.learn_presets = list(preset_names())
        self.state.learn_preset = self.state.learn_presets[0]

    def open(self) -> None:
        """Show the kind of mask that was opened last; where none was, that of the first in the list.

        Raises
        ------
        UsageError
            The list is empty.
        """
        item = self.station.session.asked or next(iter(self.station.session.worklist), None)
        if item is None:
            raise UsageError("No mask is in the list, so it is not known what to learn.", "Choose other filters.")
        if item.mask_type.name != self.state.learn_kind and self._desk.work is None:
            self.state.learn_stage = ""
        self.state.learn = True
        self.state.learn_kind = item.mask_type.name
        self._look()

    def build(self) -> None:
        """Build the next version."""
        self._desk.build(self.state.learn_kind)

    def train(self) -> None:
        """Train on the chosen version."""
        start = "" if self.state.learn_start == NOTHING else self.state.learn_start
        settings = (fine_tuning_of if start else settings_of)(self.state.learn_preset)
        self._desk.train(Choices(self.state.learn_version or "", start, settings, self.state.learn_trainer))

    def stop(self) -> None:
        """Stop what runs."""
        self._desk.stop()

    def ship(self) -> None:
        """Let the chosen model challenge the champion."""
        self._desk.ship(self._chosen().name)

    def rank(self) -> None:
        """Rank the worklist against the chosen model."""
        self._desk.rank(self.state.learn_kind, self._chosen())

    def end(self) -> None:
        """Let go of the worker; a training can go on from its last epoch another time."""
        self._desk.end()

    def _look(self) -> None:
        """Look which versions and models there are; they lie in many small files."""
        kind = mask_type(self.state.learn_kind)
        threading.Thread(target=self._read, args=(kind,), name="learn-overview", daemon=True).start()

    def _read(self, kind: MaskType) -> None:
        try:
            overview = read_overview(self.station.session.dataset, kind)
        except RefineError as error:
            self.station.deliver(lambda caught=error: self.station.say("error", str(caught)))  # type: ignore[misc]
        else:
            self.station.deliver(lambda: self._show(overview))

    def _show(self, overview: Overview) -> None:
        """Show versions and models; what was chosen stays chosen, unless there is a new version."""
        is_new = overview.versions != self._overview.versions
        self._overview = overview
        names = [row.name for row in overview.models]
        state = self.state
        state.learn_versions = list(overview.versions)
        if is_new:
            state.learn_version = overview.versions[-1] if overview.versions else None
        state.learn_starts = [NOTHING, *names]
        state.learn_start = state.learn_start if state.learn_start in names else NOTHING
        state.learn_models = [_cells(row) for row in overview.models]
        state.learn_model = state.learn_model if state.learn_model in names else next(iter(names), None)
        state.learn_stage = state.learn_stage or overview.verdict

    def _on_change(self) -> None:
        work, ended = self._desk.work, self._desk.ended
        self.state.learn_working = work is not None
        if work is not None:
            left = "" if work.left_s is None else f", {duration(work.left_s)} left"
            self.state.learn_stage = f"{work.title}: {work.stage}{left}"
            self.state.learn_percent = round(100 * work.part)
        elif ended is not None:
            self.state.learn_stage = ended.text
            self.station.say(ended.level, ended.text)
            if ended.task == "rank" and ended.level == "good":
                self.station.session.worklist.refresh()
                self.ranked.emit()
            self._look()

    def _chosen(self) -> ModelRow:
        for row in self._overview.models:
            if row.name == self.state.learn_model:
                return row
        raise UsageError("No model is chosen.", "Train one first.")

    def _make_engine(self) -> Engine:
        return learning_engine(deliver=self.station.deliver)


def _cells(row: ModelRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "test": "" if row.test is None else f"{row.test:.3f}",
        "held_back": "" if row.held_back is None else f"{row.held_back:.3f}",
        "champion": row.is_champion,
    }
