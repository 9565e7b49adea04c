"""Matching of SPINEPS instances to TotalSpineSeg levels: one joint histogram against a plain loop over all pairs.

    python Testing/bench/bench_matching.py [--pairs 7]

The loop does what ``spineps_refine.py`` does for each pair, in our own words: two full masks, their product and three
sums. Both run alternately in one process on phantoms, once with masks that agree and once with masks that do not
overlap at all (every pair is tried). Both must give the same voxels. Prints a table and keeps it in ``results``.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from alternating import options_of  # noqa: E402
from record import circumstances, keep  # noqa: E402

from SpineGTRefineLib.anatomy import scheme  # noqa: E402
from SpineGTRefineLib.imaging import LabelMap  # noqa: E402
from SpineGTRefineLib.phantoms import make_spine, spineps_like, totalspineseg_like  # noqa: E402
from SpineGTRefineLib.refine import SpineInputs, refine_spine  # noqa: E402

RESULT = Path(__file__).parent / "results" / "matching.md"


def plain_loop(vert: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Match by comparing full masks, pair after pair, until one reaches a Dice of 0.5."""
    targets = [t for t in np.unique(labels) if t not in (0, 1, 2, 11)]
    output = np.zeros_like(labels)
    output[labels == 11] = 11
    cursor = 0
    for source in [s for s in np.unique(vert) if 0 < s < 200]:
        seen: dict[int, float] = {}
        found = None
        while found is None and len(seen) < len(targets) + 1:
            target = targets[cursor]
            cursor = (cursor + 1) % len(targets)
            score = _dice(np.where(labels == target, 1, 0), np.where(vert == source, 1, 0))
            if score >= 0.5:
                found = target
            elif target in seen:
                break
            seen[target] = score
        if found is None:
            low, high = (10, 60) if source < 100 else (60, 101)
            rivals = [t for t in seen if low < t < high and seen[t] > 0]
            found = max(rivals, key=lambda t: seen[t], default=None)
        if found is not None:
            output[np.where(vert == source)] = found
    return output


def _dice(first: np.ndarray, second: np.ndarray) -> float:
    total = np.sum(first) + np.sum(second)
    return float(2 * np.sum(first * second) / total) if total else 0.0


def seconds(function: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Time one call."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def compare(name: str, vert: LabelMap, labels: LabelMap, pairs: int) -> str:
    """Run both ways alternately and return a row of the table."""
    inputs = SpineInputs(vert, labels)
    runs: dict[str, list[float]] = {"loop": [], "compatible": [], "anatomical": []}
    for _ in range(pairs):
        ours_s, ours = seconds(lambda: refine_spine(inputs, "compatible").labels.array)
        loop_s, loop = seconds(lambda: plain_loop(vert.array, labels.array))
        anatomical_s, _ = seconds(lambda: refine_spine(inputs).labels.array)
        if not np.array_equal(ours, loop):
            raise SystemExit(f"{name}: the two ways differ in {np.count_nonzero(ours != loop)} voxels")
        for kind, spent in (("loop", loop_s), ("compatible", ours_s), ("anatomical", anatomical_s)):
            runs[kind].append(spent)
    ratios = {
        kind: [a / b for a, b in zip(runs["loop"], runs[kind], strict=True)] for kind in ("compatible", "anatomical")
    }
    cells = [name, "x".join(map(str, vert.array.shape)), *(f"{1000 * statistics.median(runs[k]):.1f}" for k in runs)]
    cells += [
        f"**{statistics.median(values):.0f}** ({min(values):.0f} to {max(values):.0f})" for values in ratios.values()
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Make the phantoms, compare, print and keep the table."""
    pairs = options_of(__doc__).parse_args().pairs
    rows = []
    for name, spacing in (("masks that agree", 2.0), ("masks that do not overlap", 3.0)):
        person = make_spine(7, spacing=spacing, width=54.0, rootlets=False)
        vert, labels = spineps_like(person).vert, totalspineseg_like(person)
        if spacing == 3.0:
            labels = _apart(vert, labels)
        rows.append(compare(name, vert, labels, pairs))
    text = f"""# Matching: one joint histogram against a loop over all pairs

{pairs} alternating pairs in one process; medians, smallest and largest ratio in brackets. The whole refinement is
timed, report included. {circumstances("numpy", "scipy")}.

| case | voxels | loop ms | compatible ms | anatomical ms | loop / compatible | loop / anatomical |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}
"""
    keep(RESULT, text)


def _apart(vert: LabelMap, labels: LabelMap) -> LabelMap:
    """Move TotalSpineSeg's structures to where SPINEPS has none."""
    mirrored = labels.array[:, ::-1].copy()
    mirrored[vert.array > 0] = 0
    return LabelMap(mirrored, labels.geometry, scheme("totalspineseg"))


if __name__ == "__main__":
    main()
