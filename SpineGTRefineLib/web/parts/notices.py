"""What is said to the rater: a line of status, and notices that stay until they are dismissed."""

from __future__ import annotations

from typing import Any, ClassVar

from ...errors import RefineError
from ...review.state import SessionState
from .part import Part

ICONS = {"warning": "mdi-alert", "error": "mdi-alert-circle", "finished": "mdi-check-all"}
NOTICES = 3
"""Notices that are kept; of more, the oldest go."""


class NoticePart(Part):
    """Keeps warnings and errors in sight; the rest passes by in the line of status."""

    START: ClassVar[dict[str, Any]] = {"message": "", "message_level": "info", "notices": []}

    def set_up(self) -> None:
        """Follow what is said; with another mask the notices go."""
        self._on_its_card = ""
        self.station.failed.connect(self._on_failed)
        self.station.said.connect(self._on_said)
        self.station.session.state_changed.connect(self._on_state)

    def dismiss(self, place: int) -> None:
        """Take a notice away."""
        self.state.notices = [each for number, each in enumerate(self.state.notices) if number != place]

    def _on_failed(self, error: RefineError) -> None:
        self._on_its_card = str(error)  # it stands in the place of the views

    def _on_said(self, level: str, text: str) -> None:
        self.state.message_level, self.state.message = level, text
        if level in ICONS and text != self._on_its_card:
            others = [each for each in self.state.notices if each["text"] != text]
            self.state.notices = [*others, {"level": level, "text": text, "icon": ICONS[level]}][-NOTICES:]

    def _on_state(self, state: SessionState) -> None:
        if state is SessionState.OPENING:
            self.state.notices = []
