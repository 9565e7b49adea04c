"""How ``train``, ``finetune`` and ``ship`` run in a worker, and how the result of a training is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .scoring import number
from .terminal import Terminal

if TYPE_CHECKING:
    from ..engine import Progress
    from ..learning.training import TrainingRequest

COLUMNS = ("Structure", "Cases #", "Missed #", "Dice #", "Surface Dice #", "HD95 mm #")


def train_and_show(terminal: Terminal, request: TrainingRequest, python: Path | None, *, keep_prepared: bool) -> None:
    """Train in a worker, with progress and Ctrl+C, and show the result."""
    from ..learning.training.jobs import training_job

    result = run_in_worker(
        terminal, f"Training {request.name}", training_job(request, keep_prepared=keep_prepared), python
    )
    terminal.answer(result, lambda: _show(terminal, request, result))


def run_in_worker(terminal: Terminal, title: str, job: dict[str, Any], python: Path | None) -> dict[str, Any]:
    """Do a job of learning in a worker; progress goes to the terminal, or as a line for each step to a log."""
    from ..learning.training.worker import run_job

    said = ""
    with terminal.counter(title) as show:

        def on_progress(progress: Progress) -> None:
            nonlocal said
            show(round(100 * progress.fraction), 100, in_words(progress))
            step = f"{progress.stage}: {progress.detail}" if progress.detail else progress.stage
            if step != said and not terminal.err.is_terminal:
                said = step
                terminal.note(f"{title}: {in_words(progress)}")

        return run_job(
            job,
            python,
            on_progress=on_progress,
            on_log=terminal.note_log,
            on_stop=lambda: terminal.note("Stopping; what is done so far is kept. Press Ctrl+C again to stop at once."),
        )


def in_words(progress: Progress) -> str:
    """Say how far a job of learning is, and how long it will take."""
    from ..engine.plan import duration

    detail = f", {progress.detail}" if progress.detail else ""
    left = f", {duration(progress.eta_s)} left" if progress.eta_s is not None else ""
    return f"{progress.stage}{detail}{left}"


def _show(terminal: Terminal, request: TrainingRequest, result: Mapping[str, Any]) -> None:
    card = result["card"]
    for title, part in (("On the frozen test set", card["Test"]), ("Out of fold", card["OutOfFold"])):
        if part["Structures"]:
            rows = [
                (key, row["Cases"], row["Missed"], number(row["Dice"]), number(row["NSD"]), number(row["HD95mm"], 2))
                for key, row in part["Structures"].items()
            ]
            terminal.table(f"{title}: mean Dice {part['Dice']:.3f}", COLUMNS, rows)
    terminal.say(f"The model {result['model']} is installed; its card lies beside it.", "green")
    terminal.say(f"Masks of the cases that it did not see: {result['predictions']}")
    terminal.say("What next:")
    for command in following(request, card["MaskType"], result["predictions"]):
        terminal.say(f"  {command}")


def following(request: TrainingRequest, mask: str, predictions: str) -> tuple[str, str]:
    """Return the commands after a training; places that are not the usual ones are named in them again."""
    from ..bids.layout import default_output
    from ..learning.versions import versions_folder

    is_usual = request.output == default_output(request.dataset)
    output = "" if is_usual else f' --output "{request.output}"'
    place = request.version.parent
    versions = "" if place == versions_folder(request.output) else f' --versions "{place}"'
    against = f'"{request.name}"="{predictions}"'
    return (
        f'spine-gt-refine rank "{request.dataset}" --mask {mask} --against {against}{output}',
        f'spine-gt-refine ship "{request.dataset}" {request.name}{versions}{output}',
    )
