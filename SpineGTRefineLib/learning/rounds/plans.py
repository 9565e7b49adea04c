"""The plans: ``Resources/Learning/rounds/*.toml``. A plan is data; nothing in the code knows one by name."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from ...bids import Dataset, MaskType, mask_type
from ...errors import UsageError
from ...resources import resource_path

FOLDER = ("Learning", "rounds")


@dataclass(frozen=True)
class PlannedStep:
    """One thing to do.

    Parameters
    ----------
    text
        In words.
    command
        Words of the command line; names in braces are filled in.
    done
        What shows that it is done, one of :data:`.evidence.EVIDENCE`.
    by_hand
        Whether it needs a person.
    at_least, at_least_share
        How many masks, or what part of them, is enough; 0 where that is not the question.
    """

    text: str
    command: tuple[str, ...]
    done: str
    by_hand: bool = False
    at_least: int = 0
    at_least_share: float = 0.0


@dataclass(frozen=True)
class PlannedRound:
    """One round: title, reason, steps in this order."""

    title: str
    why: str
    steps: tuple[PlannedStep, ...]


@dataclass(frozen=True)
class Plan:
    """A plan.

    Parameters
    ----------
    name, title
        Of the file, and for people.
    mask_type
        Kind of mask that it is about.
    rounds
        In this order; each makes one version.
    """

    name: str
    title: str
    mask_type: MaskType
    rounds: tuple[PlannedRound, ...]


@dataclass(frozen=True)
class Choices:
    """What the user chose once for all commands.

    Parameters
    ----------
    dataset, output, versions
        As they are to be written into commands; "" for the usual places.
    settings
        Settings of trainings.
    device
        Of trainings and predictions.
    """

    dataset: str
    output: str = ""
    versions: str = ""
    settings: str = "nnunet"
    device: str = "auto"


@cache
def plan_names() -> tuple[str, ...]:
    """Return the names of all plans."""
    return tuple(sorted(path.stem for path in resource_path(*FOLDER).glob("*.toml")))


@cache
def plan(name: str) -> Plan:
    """Return a plan by its name.

    Raises
    ------
    UsageError
        There is none.
    """
    if name not in plan_names():
        raise UsageError(f"There is no plan {name!r}.", f"Choose one of: {', '.join(plan_names())}.")
    content = tomllib.loads(resource_path(*FOLDER, f"{name}.toml").read_text(encoding="utf-8"))
    rounds = tuple(
        PlannedRound(
            entry["title"],
            entry["why"],
            tuple(PlannedStep(**{**step, "command": tuple(step["command"])}) for step in entry["steps"]),
        )
        for entry in content["rounds"]
    )
    return Plan(name, content["title"], mask_type(content["mask"]), rounds)


def fitting_plan(dataset: Dataset) -> Plan:
    """Return the one plan for whose kind the dataset has masks.

    Raises
    ------
    UsageError
        There is none, or there are several.
    """
    plans = [plan(name) for name in plan_names()]
    fitting = [entry for entry in plans if any(case.masks_of(entry.mask_type) for case in dataset.cases())]
    if len(fitting) != 1:
        found = "masks for several plans" if fitting else "no masks that a plan is about"
        raise UsageError(f"{dataset.root} holds {found}.", f"Say which: --plan {' or '.join(plan_names())}.")
    return fitting[0]
