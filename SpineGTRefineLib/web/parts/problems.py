"""The problem list: what is suspicious in the open mask; one key goes to the next place."""

from __future__ import annotations

from typing import Any, ClassVar

from ...anatomy import structure
from ...checks import Problem
from ...errors import RefineError
from .part import Part

ICONS = {"error": "mdi-close-circle", "warning": "mdi-alert", "info": "mdi-information"}
WORDS = {"error": "error", "warning": "warning", "info": "remark"}


class ProblemPart(Part):
    """Lists problems and goes to their places."""

    START: ClassVar[dict[str, Any]] = {"problems": [], "problem": -1, "problem_summary": "", "remedy": ""}

    def set_up(self) -> None:
        """Begin anew with every mask."""
        self._problems: tuple[Problem, ...] = ()
        self.station.opened.connect(self._restart)

    def step(self, by: int) -> None:
        """Go to the next or previous problem, around the end of the list."""
        if not self._problems:
            self.station.say("good", "The check finds nothing to look at.")
            return
        start = self.state.problem if self.state.problem >= 0 or by > 0 else 0
        self.go((start + by) % len(self._problems))

    def go(self, row: int) -> None:
        """Show the place of a problem and select its structure."""
        if not 0 <= row < len(self._problems):
            return
        problem = self._problems[row]
        self.state.problem, self.state.remedy = row, problem.remedy
        if problem.structure is not None:
            self.station.choose(problem.structure)
        if problem.position is not None:
            self.station.display.jump_to(problem.position)

    def update(self) -> None:
        """Look at the mask again."""
        if not self.station.is_open:
            self._show(())
            self.state.problem_summary = ""
            return
        try:
            self._show(self.station.session.problems())
        except RefineError as error:  # drawn outside the image, two structures in one voxel ...
            self.state.remedy = str(error)

    def _show(self, problems: tuple[Problem, ...]) -> None:
        if problems != self._problems:
            self.state.problem, self.state.remedy = min(self.state.problem, len(problems) - 1), ""
        self._problems = problems
        self.state.problems = [_row(problem) for problem in problems]
        counts = [sum(problem.severity == kind for problem in problems) for kind in ICONS]
        words = zip(counts, WORDS.values(), strict=True)
        texts = [f"{n} {word}{'s' * (n > 1)}" for n, word in words if n]
        self.state.problem_summary = ", ".join(texts) or "Nothing suspicious"

    def _restart(self) -> None:
        self.state.problem, self.state.remedy = -1, ""


def _row(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "icon": ICONS[problem.severity],
        "word": WORDS[problem.severity],
        "name": structure(problem.structure).name if problem.structure else "whole mask",
        "text": problem.message,
    }
