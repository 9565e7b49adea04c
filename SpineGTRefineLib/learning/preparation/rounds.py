"""From drawn slices to a volume model in rounds: what is done, and what comes next."""

from __future__ import annotations

import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ...resources import resource_path
from ..versions import Version, version_names

MASK = "gmwm"
"""Kind of mask that the plan is about."""


@dataclass(frozen=True)
class Step:
    """One thing to do: in words, and as a command where there is one."""

    text: str
    command: str


@dataclass(frozen=True)
class Round:
    """One round of the plan.

    Parameters
    ----------
    number, title, why
        Which, and for what.
    steps
        In this order.
    version
        The version that was made in it, "" where there is none yet.
    """

    number: int
    title: str
    why: str
    steps: tuple[Step, ...]
    version: str = ""


def plan_rounds(dataset: Path, versions: Path) -> tuple[Round, ...]:
    """Return the rounds; those that made a version of such masks carry its name.

    Parameters
    ----------
    dataset
        As the user types it; put into the commands.
    versions
        Folder of the dataset's versions.
    """
    content = tomllib.loads(resource_path("Learning", "mouse_rounds.toml").read_text(encoding="utf-8"))
    opened = [Version.open(versions / name) for name in version_names(versions)]
    made = sorted((version for version in opened if version.mask_type.name == MASK), key=_created)
    names = [version.name for version in made]
    place = shlex.quote(str(dataset))
    return tuple(
        Round(
            number,
            entry["title"],
            entry["why"],
            tuple(Step(text, command.replace("{dataset}", place)) for text, command in entry["steps"]),
            names[number - 1] if number <= len(names) else "",
        )
        for number, entry in enumerate(content["rounds"], start=1)
    )


def _created(version: Version) -> str:
    return str(version.manifest["Created"])
