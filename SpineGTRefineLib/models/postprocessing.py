"""What the publishers of a model do after the network, described as data in the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..refine.components import largest_component

_CONNECTIVITY = {6: 1, 18: 2, 26: 3}
"""From the number of neighbours, as publishers state it, to what the refine functions expect."""


@dataclass(frozen=True)
class PostStep:
    """One step: its name and its options."""

    step: str
    options: Mapping[str, object]

    def as_dict(self) -> dict[str, object]:
        """Return the step in the form of ``models.json``."""
        return {"step": self.step, **self.options}


def read_post_steps(records: object) -> tuple[PostStep, ...]:
    """Check the field ``postprocessing`` of a registry entry.

    Raises
    ------
    TypeError, ValueError
        A step is unknown, or an option is missing or of the wrong kind.
    """
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise TypeError(f"must be a list of steps; got {records!r}.")
    return tuple(_read_step(record) for record in records)


def apply_post_steps(labels: np.ndarray, steps: Sequence[PostStep]) -> np.ndarray:
    """Return a new label array after all steps; ``labels`` itself is not changed."""
    for step in steps:
        labels = _STEPS[step.step].run(labels, step.options)
    return labels


def keep_largest(labels: np.ndarray, *, connectivity: int, each_label: bool) -> np.ndarray:
    """Keep the largest connected piece, the first in array order where two are equal.

    Parameters
    ----------
    labels
        Integer array, 0 is background.
    connectivity
        6, 18 or 26 neighbours.
    each_label
        Keep one piece of every value; otherwise the foreground counts as one object.
    """
    neighbours = _CONNECTIVITY[connectivity]
    if each_label:
        return largest_component(labels, neighbours)
    return np.where(largest_component(labels != 0, neighbours), labels, np.zeros((), dtype=labels.dtype))


@dataclass(frozen=True)
class _Step:
    run: Callable[[np.ndarray, Mapping[str, object]], np.ndarray]
    options: Mapping[str, Callable[[object], bool]]


def _run_keep_largest(labels: np.ndarray, options: Mapping[str, object]) -> np.ndarray:
    return keep_largest(labels, **options)  # type: ignore[arg-type]


_STEPS = {
    "largest_component": _Step(
        _run_keep_largest,
        {"connectivity": lambda value: value in _CONNECTIVITY, "each_label": lambda value: isinstance(value, bool)},
    ),
}


def _read_step(record: dict[str, object]) -> PostStep:
    options = {key: value for key, value in record.items() if key != "step"}
    step = _STEPS.get(str(record.get("step")))
    if step is None:
        raise ValueError(f"has a step that does not exist: {record.get('step')!r}; known: {', '.join(_STEPS)}.")
    if set(options) != set(step.options):
        raise ValueError(f"needs exactly the options {', '.join(step.options)} for the step {record['step']!r}.")
    for key, accepts in step.options.items():
        if not accepts(options[key]):
            raise ValueError(f"has a value that does not fit the option {key!r}: {options[key]!r}.")
    return PostStep(str(record["step"]), options)
