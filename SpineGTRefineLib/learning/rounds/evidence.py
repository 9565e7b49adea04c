"""What shows that a step of a round is done."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...bids.events import DONE
from ...models import InstalledModel
from ..versions import Version
from .plans import PlannedStep
from .state import State

WORKED_ON = DONE | {"draft", "flagged"}
"""Statuses of masks that a person has drawn on or looked at, and did not exclude."""

DECIDED = DONE | {"flagged", "excluded"}
"""Statuses after which nobody needs to look any more."""


@dataclass(frozen=True)
class Progress:
    """How far a step is: so many of so many."""

    done: int
    of: int

    @property
    def is_done(self) -> bool:
        """Whether nothing is missing."""
        return self.done >= self.of > 0


@dataclass(frozen=True)
class Place:
    """Where in the plan a step is asked about.

    Parameters
    ----------
    state, step
        How far the dataset is, and the step.
    version, model
        What its round has made so far.
    since
        When the model of the round before was made; "" if there is none.
    """

    state: State
    step: PlannedStep
    version: Version | None
    model: InstalledModel | None
    since: str = ""


def drawn(place: Place) -> Progress:
    """Ask whether a person drew enough masks."""
    count = sum(event.status in WORKED_ON for event in place.state.said.values())
    return Progress(count, place.step.at_least)


def version(place: Place) -> Progress:
    """Ask whether the version of this round was built."""
    return Progress(int(place.version is not None), 1)


def trained(place: Place) -> Progress:
    """Ask whether a model that was trained on the version of this round is installed."""
    return Progress(int(place.model is not None), 1)


def predicted(place: Place) -> Progress:
    """Ask how many cases have a mask that the model of this round made."""
    made = place.state.made_by(place.model) if place.model else 0
    return Progress(made, len(place.state.cases))


def reviewed(place: Place) -> Progress:
    """Ask how many masks wait for nobody any more."""
    statuses = [event.status for event in place.state.said.values()]
    return Progress(sum(status in DECIDED for status in statuses), len(statuses))


def ranked(place: Place) -> Progress:
    """Ask whether the masks were ranked after the version of this round was built."""
    built = str(place.version.manifest["Created"]) if place.version else ""
    return Progress(int(bool(built) and place.state.ranked_at > built), 1)


def looked_at_again(place: Place) -> Progress:
    """Ask whether as many masks as are enough were looked at since the last model, or since a ranking after it."""
    said, since = place.state.said.values(), max(place.since, place.state.ranked_at)
    again = sum(event.status in DECIDED and event.time > since for event in said) if since else 0
    return Progress(again, math.ceil(place.step.at_least_share * len(said)))


def shipped(place: Place) -> Progress:
    """Ask whether the model of this round challenged the champion."""
    return Progress(int(place.model is not None and place.state.has_challenged(place.model.entry.name)), 1)


EVIDENCE: Mapping[str, Callable[[Place], Progress]] = {
    "drawn": drawn,
    "version": version,
    "trained": trained,
    "predicted": predicted,
    "reviewed": reviewed,
    "ranked": ranked,
    "looked at again": looked_at_again,
    "shipped": shipped,
}

LANDMARKS = frozenset({"version", "trained", "predicted", "shipped"})
"""What belongs to one round only: where it is there, all that comes before it was enough."""
