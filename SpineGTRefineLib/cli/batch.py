"""Many cases in one command: one that fails is named with its reason, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..errors import PartialFailureError
from .terminal import Terminal, as_error

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """How a batch ended.

    Parameters
    ----------
    results
        Name and result of every case that worked, in the order given.
    failures
        Name and error of every case that did not.
    """

    results: list[tuple[str, Result]] = field(default_factory=list)
    failures: list[tuple[str, Exception]] = field(default_factory=list)

    def failures_as_json(self) -> list[dict[str, Any]]:
        """Return the failures for the JSON answer of a command."""
        return [{"case": name, **as_error(error)} for name, error in self.failures]

    def show_failures(self, terminal: Terminal) -> None:
        """Print a table of what failed and why."""
        rows = [(name, explained["cause"], explained["remedy"]) for name, explained in self._explained()]
        if rows:
            terminal.table(f"{len(rows)} failed", ("Case", "Why", "What to do"), rows)

    def raise_if_any_failed(self) -> None:
        """End the command with an error if a case failed.

        Raises
        ------
        PartialFailureError
            Names the first failing cases and how many there are.
        """
        if self.failures:
            names = [name for name, _ in self.failures]
            raise PartialFailureError.of(names, len(names) + len(self.results))

    def _explained(self) -> list[tuple[str, dict[str, str | int]]]:
        return [(name, as_error(error)) for name, error in self.failures]


def each_case(
    terminal: Terminal, title: str, items: Sequence[tuple[str, Item]], work: Callable[[Item], Result]
) -> Outcome[Result]:
    """Run ``work`` on every named item with a progress bar, and collect results and failures."""
    outcome: Outcome[Result] = Outcome()
    with terminal.progress(title, len(items)) as step:
        for name, item in items:
            try:
                outcome.results.append((name, work(item)))
            except Exception as error:
                terminal.note_traceback(error)
                outcome.failures.append((name, error))
            step(name)
    return outcome
