"""Focus mode: how many tiles it saves, and what its labels cost in Dice. Demo models on phantoms they never saw.

    python Testing/bench/bench_focus.py [--models canal cord spine] [--length 60]

The region is a stretch of the spine, ``--length`` mm long in the middle of the truth's box, as a rater would mark a
place to be done again. Compared are the labels inside it: of a full run (the exact region gives the very same), and of
focus mode. Prints a table and keeps it in ``results``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]

from demo_agreement import TESTS, dice, load_demo, make_phantom  # noqa: E402
from record import circumstances, keep  # noqa: E402

from SpineGTRefineLib.imaging import Box, LabelMap  # noqa: E402
from SpineGTRefineLib.models import LoadedModel, predict  # noqa: E402

RESULT = Path(__file__).parent / "results" / "focus.md"


def stretch(truth: LabelMap, length_mm: float) -> Box:
    """Return the middle of the truth's box, ``length_mm`` long from foot to head."""
    box, grid = Box.around(truth.array), truth.geometry
    axis = next(number for number, letter in enumerate(grid.axcodes) if letter in "SI")
    middle, half = (box.start[axis] + box.stop[axis]) // 2, round(length_mm / grid.spacing[axis] / 2)
    start, stop = list(box.start), list(box.stop)
    start[axis], stop[axis] = max(box.start[axis], middle - half), min(box.stop[axis], middle + half)
    return Box(tuple(start), tuple(stop))


def row(name: str, loaded: LoadedModel, phantom: str, length_mm: float) -> str:
    """Compare one phantom; returns a line of Markdown."""
    image, truth = make_phantom(name, TESTS[name][phantom])
    box = stretch(truth, length_mm)
    tiles: list[int] = []

    def run(**options: Any) -> np.ndarray:
        said = predict([image], loaded, device="cpu", on_tile=lambda _number, total: tiles.append(total), **options)
        return np.asarray(said.labels.array[box.slices])

    found = []
    counts = []
    for options in ({}, {"roi": box}, {"roi": box, "focus": True}):
        found.append(run(**options))
        counts.append(tiles[-1])
    full, exact, focus = found
    if not np.array_equal(full, exact):
        raise SystemExit("the exact region differs from the full run")
    right = truth.array[box.slices]
    single = len(tuple(loaded.scheme)) == 1
    scores = [
        (dice(focus == v, full == v), dice(focus == v, r := (right > 0 if single else right == v)) - dice(full == v, r))
        for v in np.unique(full[full > 0])
    ]
    agreed, change = zip(*scores, strict=True)
    return (
        f"| {name} | {phantom} | {' / '.join(map(str, counts))} | {statistics.mean(agreed):.4f} | {min(agreed):.4f} "
        f"| {max(change, key=abs):+.4f} |"
    )


def main() -> None:
    """Run the comparison."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["canal", "cord", "spine"])
    parser.add_argument("--length", type=float, default=60.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in options.models:
        loaded = load_demo(name)
        for phantom in TESTS[name]:
            rows.append(row(name, loaded, phantom, options.length))
            print(rows[-1], flush=True)
    text = [
        "# Focus mode: tiles and Dice",
        "",
        f"{circumstances('torch')}. A stretch of {options.length:g} mm.",
        "",
        "| demo model | phantom | tiles: full / exact / focus | mean Dice to a full run | least | Dice to truth |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]
    keep(RESULT, "\n".join(text))


if __name__ == "__main__":
    main()
