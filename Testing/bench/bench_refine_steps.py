"""Refine steps on a whole spine: all labels in one pass against a plain loop over the labels.

    python Testing/bench/bench_refine_steps.py [--pairs 7]

The loops do what the original scripts do, in our own words: one full mask per label (per pair of labels for the
overlap), scipy's operation on the whole volume. Both ways run alternately in one process; ratios are of CPU time, since
the machine may be shared. A map of 1 mm with about 50 labels is spoilt with specks, pinholes and holes that touch two
labels. Results must be the same voxels; for the dilation, whose loop gives contested voxels to the lowest label instead
of the nearest, the same voxels must be filled. Prints a table and keeps it in ``results``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from alternating import alternate, options_of  # noqa: E402
from record import circumstances, keep  # noqa: E402

from SpineGTRefineLib.imaging import LabelMap  # noqa: E402
from SpineGTRefineLib.phantoms import make_spine  # noqa: E402
from SpineGTRefineLib.refine import (  # noqa: E402
    compose,
    expand,
    fill_holes,
    joint_histogram,
    largest_component,
)

RESULT = Path(__file__).parent / "results" / "refine_steps.md"
REACH_MM = 2.0


@dataclass(frozen=True)
class Step:
    """Two ways of one step, the ratio that is asked for, and how their results compare."""

    name: str
    loop: Callable[[], np.ndarray]
    ours: Callable[[], np.ndarray]
    wanted: float
    same: Callable[[np.ndarray, np.ndarray], bool] = np.array_equal


def main() -> None:
    """Make the map, compare, print and keep the table."""
    pairs = options_of(__doc__).parse_args().pairs
    labels, other = whole_spine(1), whole_spine(2)
    rows = [compare(step, pairs) for step in steps(labels, other)]
    equal = np.mean(dilation_loop(labels.array) == expand(labels, REACH_MM).array)
    size = "x".join(map(str, labels.array.shape))
    share = np.count_nonzero(labels.array) / labels.array.size
    text = f"""# Refine steps: all labels in one pass against a loop over the labels

{pairs} alternating pairs in one process, {size} voxels of 1 mm, {len(labels.values())} labels
({100 * share:.0f} % of the voxels) with specks, pinholes and holes that touch two labels. Medians of CPU time;
smallest and largest ratio in brackets. numpy and scipy only, as inside Slicer.
{circumstances("numpy", "scipy")}.

| step | loop ms | ours ms | loop / ours | wanted | result |
|---|---|---|---|---|---|
{chr(10).join(rows)}

In the dilation both ways fill the same voxels. The loop gives a voxel that several structures reach to the lowest
label; ours gives it to the nearest structure, and to the lowest label only at exactly equal distance.
{100 * equal:.2f} % of all voxels are equal. The overlap loop sums masks, as scripts do; with numpy's count of
non-zero voxels instead it takes a bit more than a third of the time.
"""
    keep(RESULT, text)


def steps(labels: LabelMap, other: LabelMap) -> list[Step]:
    """List what is compared."""
    return [
        Step("largest component", lambda: largest_loop(labels.array), lambda: largest_component(labels).array, 50),
        Step("fill holes", lambda: holes_loop(labels.array), lambda: fill_holes(labels).array, 100),
        Step(
            "overlap of all pairs",
            lambda: overlap_loop(labels.array, other.array),
            lambda: joint_histogram(labels.array, other.array).voxels[1:, 1:],
            300,
        ),
        Step(
            f"dilation by {REACH_MM:g} mm without overlap",
            lambda: dilation_loop(labels.array),
            lambda: expand(labels, REACH_MM).array,
            50,
            same=lambda a, b: np.array_equal(a != 0, b != 0),
        ),
    ]


def compare(step: Step, pairs: int) -> str:
    """Run both ways alternately and return a row of the table."""
    times = alternate(
        pairs,
        step.loop,
        step.ours,
        lambda expected, found: (
            "" if step.same(expected, found) else f"{step.name}, {np.sum(expected != found)} places"
        ),
    )
    cells = [step.name, f"{1000 * times.plain_median:.0f}", f"{1000 * times.ours_median:.1f}", times.ratio]
    cells += [f"{step.wanted:.0f}"]
    cells += ["same voxels" if step.same is np.array_equal else "same voxels filled"]
    return f"| {' | '.join(cells)} |"


def whole_spine(seed: int) -> LabelMap:
    """Return vertebrae, discs, sacrum, canal and cord of one person, spoilt in a way that depends on the seed."""
    person = make_spine(7, spacing=1.0, width=42.0, depth=70.0, rootlets=False)
    labels = compose({"spine": person.spine, "canal": person.canal, "cord": person.cord})
    rng, array = np.random.default_rng(seed), labels.array.copy()
    clean, flat = labels.array, array.reshape(-1)
    flat[rng.choice(np.flatnonzero(clean == 0), 2000, replace=False)] = rng.choice(labels.values(), 2000)
    flat[rng.choice(np.flatnonzero(clean), 3000, replace=False)] = 0
    both = (clean[..., 1:] != clean[..., :-1]) & (clean[..., 1:] != 0) & (clean[..., :-1] != 0)
    borders = np.argwhere(both)
    for i, j, k in borders[rng.choice(len(borders), 200, replace=False)]:
        array[i, j, k : k + 2] = 0
    return labels.with_array(np.roll(array, seed - 1, axis=1))


def largest_loop(labels: np.ndarray) -> np.ndarray:
    """Keep the largest piece, label after label."""
    kept = np.zeros_like(labels)
    for value in np.unique(labels)[1:]:
        pieces, _ = ndimage.label(labels == value, np.ones((3, 3, 3)))
        kept[pieces == np.bincount(pieces.ravel())[1:].argmax() + 1] = value
    return kept


def holes_loop(labels: np.ndarray) -> np.ndarray:
    """Fill holes in the background, label after label."""
    filled = labels.copy()
    for value in np.unique(labels)[1:]:
        solid = ndimage.binary_fill_holes(labels == value)
        filled[solid & (labels == 0)] = value
    return filled


def overlap_loop(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Count the shared voxels, pair after pair."""
    rows, columns = np.unique(first)[1:], np.unique(second)[1:]
    table = np.zeros((rows.size, columns.size), dtype=np.int64)
    for row, one in enumerate(rows):
        for column, other in enumerate(columns):
            table[row, column] = np.sum((first == one) & (second == other))
    return table


def dilation_loop(labels: np.ndarray) -> np.ndarray:
    """Dilate by a ball into what is still free, label after label."""
    reach = int(REACH_MM)
    ball = sum(axis**2 for axis in np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1]) <= reach**2
    grown = labels.copy()
    for value in np.unique(labels)[1:]:
        dilated = ndimage.binary_dilation(labels == value, ball)
        grown[dilated & (grown == 0)] = value
    return grown


if __name__ == "__main__":
    main()
