"""Draw the pictures that explain the metrics, with numbers that the library itself computes.

``python Testing/tools/make_metric_pictures.py`` writes ``Resources/Screenshots/metrics.svg``, which README.md shows.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from SpineGTRefineLib.anatomy import scheme  # noqa: E402
from SpineGTRefineLib.cli.report.outlines import outline_path  # noqa: E402
from SpineGTRefineLib.imaging import Geometry, LabelMap  # noqa: E402
from SpineGTRefineLib.learning.evaluation import (  # noqa: E402
    CaseMetrics,
    evaluate_case,
    level_extents,
    variation_of_levels,
)

TARGET = REPOSITORY / "Resources" / "Screenshots" / "metrics.svg"
ROWS, COLUMNS, SCALE = 32, 20, 6
TRUTH, PREDICTION, CORD = "#2b7a9b", "#d9822b", "#8a949b"
DASHED = 'stroke-dasharray="1 .6"'


def slab(pieces: dict[int, tuple[int, int, int, int]], name: str) -> LabelMap:
    """Return a map one voxel thick; each value fills rows and columns from, to."""
    array = np.zeros((1, COLUMNS, ROWS), dtype=np.uint8)
    for value, (top, bottom, left, right) in pieces.items():
        array[0, left:right, ROWS - bottom : ROWS - top] = value
    return LabelMap(array, Geometry(array.shape, np.eye(4)), scheme(name))


def say(value: float | None) -> str:
    """Write a number."""
    return "n/a" if value is None else f"{value:.2f}"


def scenes() -> list[tuple[str, LabelMap, LabelMap, list[str]]]:
    """Return title, prediction, truth and lines of text of each picture."""
    chain = {41: (2, 9, 4, 16), 42: (12, 19, 4, 16), 43: (22, 29, 4, 16)}
    shifted = {value + 1: place for value, place in chain.items()}
    shape = {41: (10, 22, 4, 16)}
    rootlet = {5: (8, 22, 9, 11)}
    found = []
    for title, own, true, name, words in (
        ("A bit too low", {41: (12, 24, 4, 16)}, shape, "spine", surface),
        ("A stray piece", {41: (10, 22, 4, 16)}, shape, "spine", surface),
        ("One level off", shifted, chain, "spine", naming),
        ("A thin thread beside it", {5: (8, 22, 11, 13)}, rootlet, "rootlets", slices),
        ("At the wrong height", {5: (15, 29, 9, 11)}, rootlet, "rootlets", slices),
    ):
        prediction, truth = slab(own, name), slab(true, name)
        if title == "A stray piece":
            prediction.array[0, 0:4, 0:3] = 41
        found.append((title, prediction, truth, words(evaluate_case(prediction, truth))))
    return found


def along_the_cord() -> str:
    """Return the picture of two raters who put a level at other heights of a bent cord."""
    bend = [9 + round(4 * np.sin(row / 9)) for row in range(ROWS)]
    cord = slab({}, "cord")
    for row, left in enumerate(bend[:-4]):
        cord.array[0, left : left + 3, row] = 1
    raters = {}
    for rater, (foot, head) in {"A": (14, 18), "B": (11, 15)}.items():
        raters[rater] = slab({}, "rootlets")
        for row in range(foot, head):
            raters[rater].array[0, bend[row] - 2 : bend[row], row] = 5
    junction = (0, bend[-2] + 1, ROWS - 2)
    extents = {rater: level_extents(mask, cord, cord.geometry.to_world(junction)) for rater, mask in raters.items()}
    ((_, percent),) = variation_of_levels(extents).items()
    lines = [f"Rater {rater}: {say(level.middle_mm)} mm from the PMJ" for rater, (level,) in extents.items()]
    lines += [f"Length {say(extents['A'][0].length_mm)} mm", f"COV of the two {say(percent)} %"]
    point = f'<circle cx="{junction[1] + 0.5}" cy="{ROWS - junction[2] - 0.5}" r=".8" fill="{CORD}" fill-opacity="1"/>'
    shapes = (
        outlines(cord, CORD, "") + point + outlines(raters["A"], TRUTH, "") + outlines(raters["B"], PREDICTION, DASHED)
    )
    return framed(5, "Heights along the cord", shapes, lines)


def surface(metrics: CaseMetrics) -> list[str]:
    """Lines for one structure."""
    (entry,) = metrics.structures
    return [
        f"Dice {say(entry.dice)}",
        f"Surface Dice (1 mm) {say(entry.nsd)}",
        f"HD95 {say(entry.hd95_mm)} mm",
        f"Volume ratio {say(entry.volume_ratio)}",
    ]


def naming(metrics: CaseMetrics) -> list[str]:
    """Lines for a chain."""
    (entry,) = metrics.instances
    return [
        f"Dice, mean {say(metrics.mean('dice'))}",
        f"RQ {say(entry.rq)} (all found)",
        f"SQ {say(entry.sq)} (well drawn)",
        f"Right names {say(entry.naming)}",
    ]


def slices(metrics: CaseMetrics) -> list[str]:
    """Lines for a level of rootlets."""
    (entry,) = metrics.levels
    return [
        f"Dice {say(metrics.mean('dice'))}",
        f"F1 of slices {say(entry.z_f1)}",
        f"Dice by slice {say(entry.slice_dice)}",
        f"Upper end {say(entry.head_shift_mm)} mm lower",
    ]


def outlines(labels: LabelMap, color: str, dash: str) -> str:
    """Return the outline of each label; names make the level visible."""
    parts = []
    for value in labels.values():
        picture = (labels.array[0] == value).T[::-1]
        parts.append(f'<path d="{outline_path(picture)}" stroke="{color}" fill="{color}" {dash}/>')
    return "".join(parts)


def picture(place: int, title: str, prediction: LabelMap, truth: LabelMap, lines: list[str]) -> str:
    """Return the picture of a prediction and its truth."""
    return framed(place, title, outlines(truth, TRUTH, "") + outlines(prediction, PREDICTION, DASHED), lines)


def framed(place: int, title: str, shapes: str, lines: list[str]) -> str:
    """Return one picture with its text below."""
    x = 20 + place * 190
    text = "".join(
        f'<text x="0" y="{ROWS * SCALE + 22 + 17 * n}">{escape(line)}</text>' for n, line in enumerate(lines)
    )
    return (
        f'<g transform="translate({x} 62)"><text y="-12" class="title">{escape(title)}</text>'
        f'<rect width="{COLUMNS * SCALE}" height="{ROWS * SCALE}" fill="#f1f3f4"/>'
        f'<g transform="scale({SCALE})" fill-opacity=".22" stroke-width=".45">{shapes}</g>{text}</g>'
    )


def svg() -> str:
    """Return the whole picture."""
    pictures = "".join(picture(place, *scene) for place, scene in enumerate(scenes())) + along_the_cord()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1190 345" font-family="sans-serif" font-size="13">'
        '<style>.title{font-weight:600}</style><rect width="1190" height="345" fill="#fff"/>'
        f'<text x="20" y="24" fill="{TRUTH}">truth, rater A</text>'
        f'<text x="125" y="24" fill="{PREDICTION}">prediction, rater B</text>'
        f'<text x="260" y="24" fill="{CORD}">cord, with the pontomedullary junction (PMJ)</text>'
        f"{pictures}</svg>\n"
    )


def main() -> None:
    """Write the picture."""
    TARGET.write_text(svg(), encoding="utf-8")
    print(TARGET)


if __name__ == "__main__":
    main()
