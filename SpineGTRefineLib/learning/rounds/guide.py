"""The guide: a plan, filled in with what a dataset has done of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...models import InstalledModel
from ..training.predictions import PREDICTIONS
from ..training.request import trainings_folder
from ..versions import Version
from ..versions.places import next_name
from .evidence import EVIDENCE, LANDMARKS, Place, Progress
from .plans import Choices, Plan, PlannedRound
from .state import State

PROGRAM = "spine-gt-refine"

KNOWS_VERSIONS = frozenset({"version", "train", "finetune", "ship"})
"""Commands that take the folder of versions."""

KNOWS_DEVICE = frozenset({"train", "finetune", "ship", "run"})
"""Commands that take ``--device``."""


@dataclass(frozen=True)
class Step:
    """One step as it stands.

    Parameters
    ----------
    text
        In words.
    arguments
        Of the program, ready to run.
    by_hand
        Whether it needs a person.
    progress
        So many of so many.
    done
        Whether it is done: it is complete, or a later step shows that it was enough.
    """

    text: str
    arguments: tuple[str, ...]
    by_hand: bool
    progress: Progress
    done: bool

    @property
    def command(self) -> str:
        """The command line."""
        return shlex.join((PROGRAM, *self.arguments))


@dataclass(frozen=True)
class Round:
    """One round as it stands; ``version`` and ``model`` are what it has made, "" for nothing yet."""

    number: int
    title: str
    why: str
    steps: tuple[Step, ...]
    version: str
    model: str


@dataclass(frozen=True)
class Guide:
    """A plan as it stands.

    Parameters
    ----------
    name, title
        Of the plan.
    rounds
        All of them.
    """

    name: str
    title: str
    rounds: tuple[Round, ...]

    def open_steps(self) -> Iterator[tuple[Round, Step]]:
        """Yield what is left to do, in order."""
        for entry in self.rounds:
            yield from ((entry, step) for step in entry.steps if not step.done)


def guide(plan: Plan, state: State, choices: Choices, versions: Path) -> Guide:
    """Fill a plan in.

    Parameters
    ----------
    plan, state
        The plan, and how far the dataset is with its kind of mask.
    choices
        What is written into the commands.
    versions
        Folder of the dataset's versions.
    """
    asked = [
        Place(state, step, *_made(state, number), since=_made_before(state, number))
        for number, entry in enumerate(plan.rounds)
        for step in entry.steps
    ]
    progress = [EVIDENCE[place.step.done](place) for place in asked]
    standing = zip(progress, _done(asked, progress), strict=True)
    return Guide(
        plan.name,
        plan.title,
        tuple(
            _round(number, entry, standing, _names(plan, state, choices, versions, number), choices, state)
            for number, entry in enumerate(plan.rounds)
        ),
    )


def _round(
    number: int,
    planned: PlannedRound,
    standing: Iterator[tuple[Progress, bool]],
    names: Mapping[str, str],
    choices: Choices,
    state: State,
) -> Round:
    """Fill a round in; takes as many from ``standing`` as it has steps."""
    version, model = _made(state, number)
    steps = tuple(
        Step(step.text, _filled(step.command, names, choices), step.by_hand, progress, done)
        for step, (progress, done) in zip(planned.steps, standing, strict=False)
    )
    built, trained = version.name if version else "", model.entry.name if model else ""
    return Round(number + 1, planned.title, planned.why, steps, built, trained)


def _made(state: State, number: int) -> tuple[Version | None, InstalledModel | None]:
    """Return the version and the model of a round: its number counts the versions of this kind of mask."""
    version = state.versions[number] if number < len(state.versions) else None
    return version, state.models.get(version.name) if version else None


def _made_before(state: State, number: int) -> str:
    """Return when the model of the round before was made; "" if it is not there."""
    version, _ = _made(state, number - 1) if number else (None, None)
    return state.trained_at.get(version.name, "") if version else ""


def _done(asked: Sequence[Place], progress: Sequence[Progress]) -> Iterator[bool]:
    """Say of each step whether it is done.

    All up to the last landmark are; beyond it, those that are complete without a gap.
    """
    reached = [
        number
        for number, (place, own) in enumerate(zip(asked, progress, strict=True))
        if own.is_done and place.step.done in LANDMARKS
    ]
    last, gap = max(reached, default=-1), False
    for number, own in enumerate(progress):
        gap = gap or (number > last and not own.is_done)
        yield not gap


def _names(plan: Plan, state: State, choices: Choices, versions: Path, number: int) -> Mapping[str, str]:
    """Return what the names in braces stand for in a round; what is not there yet has the name that it will get."""
    version, model = _made(state, number)
    _, before = _made(state, number - 1) if number else (None, None)
    version_name = version.name if version else next_name(versions, ahead=number - len(state.versions))
    model_name = model.entry.name if model else f"{plan.mask_type.name}_{version_name}"
    return {
        "dataset": choices.dataset,
        "version": version_name,
        "model": model_name,
        "last_model": before.entry.name if before else "MODEL",
        "predictions": str(trainings_folder(state.dataset.output) / model_name / PREDICTIONS),
        "settings": choices.settings,
        "short": "short" if choices.settings == "nnunet" else choices.settings,
    }


def _filled(command: tuple[str, ...], names: Mapping[str, str], choices: Choices) -> tuple[str, ...]:
    words = [word.format_map(names) for word in command]
    if choices.output:
        words += ["--output", choices.output]
    if choices.versions and command[0] in KNOWS_VERSIONS:
        words += ["--versions", choices.versions]
    if choices.device != "auto" and command[0] in KNOWS_DEVICE:  # else a settings file may name one
        words += ["--device", choices.device]
    return tuple(words)
