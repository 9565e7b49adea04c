"""Metrics of a whole spine: in the box of each structure, against distance maps of the whole volume for each label.

    python Testing/bench/bench_metrics.py [--pairs 7] [--spacing 1.0]

The plain way takes each label's two masks of the whole volume: Dice by three sums, both surfaces, a distance map of
each, and from these the surface Dice and HD95. Both ways run alternately in one process and must give equal numbers,
to the last bit. CPU seconds. The prediction is the phantom's truth with rough borders.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from alternating import alternate, options_of  # noqa: E402
from record import circumstances, keep  # noqa: E402

from SpineGTRefineLib.imaging import LabelMap  # noqa: E402
from SpineGTRefineLib.learning.evaluation import evaluate_case  # noqa: E402
from SpineGTRefineLib.learning.evaluation.cell_areas import FULL_CELL, cell_areas  # noqa: E402
from SpineGTRefineLib.learning.evaluation.surfaces import SurfaceDistances, cell_codes  # noqa: E402
from SpineGTRefineLib.phantoms import make_spine  # noqa: E402

RESULT = Path(__file__).parent / "results" / "metrics.md"
Scores = dict[int, tuple[float, float, float | None]]


def case(spacing: float) -> tuple[LabelMap, LabelMap]:
    """Return a prediction and a truth of a whole spine: vertebrae, discs, sacrum, canal and cord."""
    person = make_spine(7, spacing=spacing, rootlets=False)
    value = person.spine.scheme.value_of
    array = np.where(person.canal.array > 0, value("canal_without_cord"), 0)
    array[person.cord.array > 0] = value("cord")
    truth = person.spine.with_array(np.where(person.spine.array > 0, person.spine.array, array).astype(np.uint8))
    rng = np.random.default_rng(0)
    places = [
        np.clip(grid + np.rint(ndimage.gaussian_filter(rng.normal(size=array.shape), 3) * 12).astype(int), 0, count - 1)
        for grid, count in zip(np.indices(array.shape), array.shape, strict=True)
    ]
    return truth.with_array(truth.array[tuple(places)]), truth


def plain(prediction: LabelMap, truth: LabelMap) -> Scores:
    """Score label by label over the whole volume."""
    scores: Scores = {}
    spacing = truth.geometry.spacing
    for value in np.union1d(np.unique(prediction.array), np.unique(truth.array))[1:].tolist():
        own, true = prediction.array == value, truth.array == value
        dice = 2 * int((own & true).sum()) / int(own.sum() + true.sum())
        if not own.any() or not true.any():
            scores[value] = dice, 0.0, None
            continue
        distances = by_distance_maps(own, true, spacing)
        scores[value] = dice, distances.dice(1.0), distances.hausdorff_mm()
    return scores


def by_distance_maps(own: np.ndarray, true: np.ndarray, spacing: tuple[float, float, float]) -> SurfaceDistances:
    """Measure distances between two surfaces with a distance map of each."""
    areas = cell_areas(spacing)
    cells = [cell_codes(mask) for mask in (own, true)]
    surfaces = [(codes != 0) & (codes != FULL_CELL) for codes in cells]
    maps = [ndimage.distance_transform_edt(~surface, sampling=spacing) for surface in surfaces]
    sides = []
    for codes, surface, distance in zip(cells, surfaces, reversed(maps), strict=True):
        order = np.argsort(distance[surface], kind="stable")
        sides += [distance[surface][order], areas[codes[surface]][order]]
    return SurfaceDistances(*sides)


def ours(prediction: LabelMap, truth: LabelMap) -> Scores:
    """Score everything at once."""
    metrics = evaluate_case(prediction, truth)
    return {entry.value: (entry.dice, entry.nsd, entry.hd95_mm) for entry in metrics.structures}


def main() -> None:
    """Compare, print and keep the table."""
    parser = options_of(__doc__)
    parser.add_argument("--spacing", type=float, default=1.0, help="voxel size in mm")
    options = parser.parse_args()
    prediction, truth = case(options.spacing)
    times = alternate(
        options.pairs,
        lambda: plain(prediction, truth),
        lambda: ours(prediction, truth),
        lambda expected, found: "" if expected == found else f"{found} and {expected}",
    )
    row = [
        "x".join(map(str, truth.array.shape)),
        f"{options.spacing:g}",
        len(truth.values()),
        options.pairs,
        *times.cells,
    ]
    keep(
        RESULT,
        f"""# Dice, surface Dice and HD95 of a whole spine: in boxes, against distance maps of the whole volume

Alternating pairs in one process; median CPU seconds, smallest and largest ratio in brackets. Ours also counts the
reading of boxes, instances and remarks. All numbers equal to the last bit.
{circumstances("numpy", "scipy")}.

| voxels | mm | labels | pairs | plain s | ours s | plain / ours |
|---|---|---|---|---|---|---|
| {" | ".join(map(str, row))} |
""",
    )


if __name__ == "__main__":
    main()
