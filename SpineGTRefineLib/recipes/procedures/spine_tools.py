"""The spine from SPINEPS and TotalSpineSeg: both run on the image, then joined, and the canal taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...anatomy import scheme
from ...bids import mask_type
from ...checks import Problem
from ...errors import InputError, UsageError
from ...imaging import LabelMap
from ...refine import POLICIES, Decision, refine_spine
from ...refine.decisions import WITHHOLDS
from ..level_doubts import level_doubts
from ..tool_masks import final_labels, instance_masks, joined
from ..work import Extra, RecipeOutcome, RecipeWork

TOOLS = ("spineps", "totalspineseg")

SETTINGS: dict[str, Any] = {
    "policy": "anatomical",
    "levels": "totalspineseg",
    "localizer": "",
    "labeling": True,
    "spineps": "",
    "totalspineseg": "",
}
"""``policy``: see :func:`SpineGTRefineLib.refine.refine_spine`. ``levels``: ``totalspineseg``, or ``counted`` to leave
it out and count along what SPINEPS saw. ``localizer``: another image of the session, by its contrast or more of its
name (``T2w``, ``acq-sag_T2w``), whose spine mask tells TotalSpineSeg the levels. ``labeling``: whether SPINEPS names
vertebrae, too. ``spineps``: its semantic model; ``totalspineseg``: the release of its weights; "" for the first that is
installed."""

SCHEME = "canal"
"""The recipe's own model makes the canal, where the case has none."""


def check(settings: Mapping[str, Any]) -> None:
    """Refuse a policy that there is not, and levels from nowhere."""
    if settings["policy"] not in POLICIES:
        raise UsageError(f"There is no policy {settings['policy']!r}.", f"Choose one of: {', '.join(POLICIES)}.")
    tools_of(settings)


def run(work: RecipeWork) -> RecipeOutcome:
    """Run both tools and the canal's model, and join what they say."""
    settings = work.settings
    tools = work.required_tools()
    maps: dict[str, LabelMap] = {}
    if tools_of(settings) == TOOLS:
        maps["TotalSpineSeg"] = final_labels(tools.totalspineseg(settings["totalspineseg"], settings["localizer"]))
    maps["SPINEPS"] = instance_masks(tools.spineps(settings["spineps"], labeling=settings["labeling"]))
    own = work.companion("canal")
    maps["canal"] = own if own is not None else work.predict([work.image]).labels.converted(scheme("canal"))[0]
    inputs = joined(maps, work.image)
    for note in (*tools.notes, *inputs.notes):
        work.note(note)
    refinement = refine_spine(inputs.inputs, settings["policy"])
    if not refinement.labels.array.any():
        raise InputError("Nothing is left of the spine once the canal is taken away.", "Look at the canal mask.")
    extras = () if own is not None else (Extra(mask_type("canal"), maps["canal"]),)
    doubts = () if refinement.column is None else level_doubts(refinement.column, refinement.naming)
    return RecipeOutcome(
        refinement.labels,
        extras,
        problems=(*doubts, *map(_problem, filter(_is_left_out, refinement.decisions))),
        record={
            "Tools": tools.generators,
            "Policy": settings["policy"],
            "Decisions": dict(sorted(Counter(decision.action for decision in refinement.decisions).items())),
        },
    )


def tools_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the tools that will run.

    Raises
    ------
    UsageError
        The setting ``levels`` is not known.
    """
    if settings["levels"] == "totalspineseg":
        return TOOLS
    if settings["levels"] == "counted":
        return TOOLS[:1]
    raise UsageError(f"Levels cannot be {settings['levels']!r}.", "Choose --set levels=totalspineseg or counted.")


def _is_left_out(decision: Decision) -> bool:
    return decision.action in WITHHOLDS


def _problem(decision: Decision) -> Problem:
    message = f"{decision.voxels} voxels of {decision.source} {decision.source_value} were left out: {decision.reason}"
    advice = "Look whether they belong to the spine."
    return Problem("left_out", "warning", decision.structure, decision.value, None, None, message, advice)
