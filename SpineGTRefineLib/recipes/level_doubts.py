"""What a rater should know about levels that were counted: how sure they are, and what they rest on."""

from __future__ import annotations

from ..anatomy import scheme
from ..checks import Problem
from ..checks.problem import Severity
from ..refine.column import Column
from ..refine.level_names import LUMBAR, THORACIC, Naming


def level_doubts(column: Column, naming: Naming | None, stated: str = "") -> list[Problem]:
    """List what is not sure about the levels of a column, and what was not found.

    Parameters
    ----------
    column
        The vertebrae that were found.
    naming
        Their names; None where no human spine explains them.
    stated
        The first vertebra in view as a rater knows it (``T5``); "" where nobody said so.
    """
    if not column.found:
        return [problem("no_vertebra", "error", "No vertebra was found.", "Check image, contrast and region.")]
    if naming is None and stated:
        text = f"No human spine has {len(column.members)} vertebrae from {stated} on, so none is named."
        return [problem("no_naming", "error", text, "Check which vertebra is first in view, or leave first_level out.")]
    if naming is None:
        text = f"{len(column.members)} vertebrae in one chain: no human spine explains them, so none is named."
        return [problem("no_naming", "error", text, "Look at the image: parts may have been seen twice.")]
    return [
        *_doubt(naming),
        *_unusual(naming),
        *_contradictions(naming),
        *_missing(column, naming),
        *_alone(column, naming),
    ]


def problem(rule: str, severity: Severity, message: str, remedy: str, level: str | None = None) -> Problem:
    """Return a problem of a case, or of one level (``T5``)."""
    key = f"vertebra_{level}" if level else None
    value = scheme("spine").value_of(key) if key else None
    return Problem(rule, severity, key, value, None, None, message, remedy)


def _doubt(naming: Naming) -> list[Problem]:
    first, last = naming.levels[0], naming.levels[-1]
    if naming.margin == 0.0:
        other = naming.runner_up
        text = f"No landmark is in view that tells {first} to {last} from {other[0]} to {other[-1]}; they are called "
        text += f"{first} to {last} for now."
        advice = "Say which one is first (--set first_level=T5), or shift them: refine shift-levels."
        return [problem("no_landmark", "error", text, advice)]
    if naming.is_sure:
        return _usual_number(naming)
    others = f" (the first could also be {', '.join(naming.rivals)})" if naming.rivals else ""
    text = f"The levels {first} to {last} are not sure{others}."
    return [problem("unsure_levels", "warning", text, "Check them from a landmark, and shift if needed.")]


def _usual_number(naming: Naming) -> list[Problem]:
    if not naming.rests_on_usual_number:
        return []
    other = naming.runner_up
    text = "The levels hold for the usual number of vertebrae; in a spine with one more or less they could be "
    text += f"{other[0]} to {other[-1]}: this view does not tell."
    return [problem("usual_number", "info", text, "Compare with an image that shows more of the spine.")]


def _unusual(naming: Naming) -> list[Problem]:
    """Doubt every unusual count: a T13 and the first of six lumbar vertebrae differ little."""
    thoracic, lumbar = (sum(level[0] == region for level in naming.column) for region in "TL")
    if (thoracic, lumbar) == (THORACIC[0], LUMBAR[0]):
        return []
    text = f"{thoracic} thoracic and {lumbar} lumbar vertebrae are counted, which few people have."
    changed = [pair for pair in zip(naming.levels, naming.runner_up, strict=False) if pair[0] != pair[1]]
    if changed:
        text += f" In the next best count {changed[0][0]} is {changed[0][1]}."
    return [problem("unusual_number", "warning", text, "Check the ribs, and where the sacrum begins.")]


def _contradictions(naming: Naming) -> list[Problem]:
    levels = [naming.levels[position] for position in naming.contradicting]
    text = "{0} does not look like its region; the landmarks above and below say that it must be {0}."
    advice = "Check the count of the vertebrae."
    return [problem("contradicting_landmarks", "warning", text.format(level), advice, level) for level in levels]


def _missing(column: Column, naming: Naming) -> list[Problem]:
    levels = [level for member, level in zip(column.members, naming.levels, strict=True) if not member.label]
    text = "{} was not found, but there is room for it: the levels are counted with it."
    advice = "Draw it, or check the levels."
    return [problem("missing_vertebra", "warning", text.format(level), advice, level) for level in levels]


def _alone(column: Column, naming: Naming) -> list[Problem]:
    if len(column.found) > 1:
        return []
    text = f"Only one vertebra is in view ({naming.levels[0]}): its level rests on its looks alone."
    return [problem("one_vertebra", "warning", text, "Check its level.")]
