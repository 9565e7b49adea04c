"""The decisions of a repair in a few sentences: what was treated alike is said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...anatomy import structures

NAMED = 6
"""How many structures a sentence names; the rest is counted."""


def decision_sentences(decisions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return one sentence for all decisions with the same action and reason, rare ones first.

    Parameters
    ----------
    decisions
        As :meth:`SpineGTRefineLib.refine.Decision.as_dict` gives them.
    """
    alike: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for decision in decisions:
        alike.setdefault((decision["action"], decision["reason"]), []).append(decision)
    groups = sorted(alike.items(), key=lambda group: len(group[1]))
    return tuple(_sentence(action, reason, group) for (action, reason), group in groups)


def _sentence(action: str, reason: str, group: list[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(_name(decision) for decision in group))
    named = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    voxels = sum(decision["voxels"] for decision in group)
    return f"{action.capitalize()}: {named} ({voxels:,} voxels). {reason}"


def _name(decision: Mapping[str, Any]) -> str:
    key = decision["structure"]
    if key is None:
        return f"{decision['source']} value {decision['source_value']}"
    return structures()[key].name if key in structures() else str(key)
