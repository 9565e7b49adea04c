"""Draw what the loop's benchmark found: ``python Testing/tools/make_loop_picture.py`` writes the picture of README.md.

The figures are those of ``Testing/bench/results/loop.json``; nothing is computed here.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FIGURES = REPOSITORY / "Testing" / "bench" / "results" / "loop.json"
TARGET = REPOSITORY / "Resources" / "Screenshots" / "loop.svg"

COLORS = {"ranked 20 %": "#2b7a9b", "random 20 %": "#e8b98a", "random 40 %": "#d9822b", "all": "#8a949b"}
LEFT, WIDTH, ROW, GAP = 250, 560, 24, 26


def svg(report: dict[str, Any]) -> str:
    """Return the picture: for each dataset and arm the gain with its interval."""
    rows = [row for row in report["rows"] if row["arm"] in COLORS]
    most = max(row["interval"][1] for row in rows)
    least = min(0.0, *(row["interval"][0] for row in rows))
    place = Scale(least, most)
    shapes, y = [], 58
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        shapes.append(f'<text x="20" y="{y}" class="title">{escape(scenario)}</text>')
        for row in (row for row in rows if row["scenario"] == scenario):
            y += ROW
            shapes.append(_row(row, y, place))
        y += ROW + GAP
    bottom = y - GAP
    axis = "".join(_tick(value, bottom, place) for value in place.ticks())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 970 {bottom + 40}" font-family="sans-serif" '
        f'font-size="13"><style>.title{{font-weight:600}}</style><rect width="970" height="{bottom + 40}" fill="#fff"/>'
        f'<text x="20" y="26">Gain in Dice on people that no training saw, {report["seeds"]} seeds of '
        f"{report['people']} people; dots are means, lines 95 % intervals over people</text>"
        f"{axis}{''.join(shapes)}</svg>\n"
    )


class Scale:
    """From a gain to a place across the picture."""

    def __init__(self, least: float, most: float) -> None:
        self._least, self._most = least, most

    def __call__(self, gain: float) -> float:
        return round(LEFT + (gain - self._least) / (self._most - self._least) * WIDTH, 1)

    def ticks(self) -> list[float]:
        """Return round gains to draw lines at."""
        step = next(step for step in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1) if (self._most - self._least) / step <= 8)
        return [n * step for n in range(int(self._least / step), int(self._most / step) + 1)]


def _row(row: dict[str, Any], y: int, place: Scale) -> str:
    low, high = (place(end) for end in row["interval"])
    color = COLORS[row["arm"]]
    return (
        f'<text x="36" y="{y}">{escape(row["arm"])} corrected</text>'
        f'<line x1="{low}" x2="{high}" y1="{y - 4}" y2="{y - 4}" stroke="{color}" stroke-width="3"/>'
        f'<circle cx="{place(row["gain"])}" cy="{y - 4}" r="6" fill="{color}"/>'
        f'<text x="{LEFT + WIDTH + 20}" y="{y}">{row["recall"]:.0%} of the errors</text>'
    )


def _tick(gain: float, bottom: int, place: Scale) -> str:
    x, color = place(gain), "#333" if gain == 0 else "#dfe3e6"
    return (
        f'<line x1="{x}" x2="{x}" y1="40" y2="{bottom}" stroke="{color}"/>'
        f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">{gain:+.3f}</text>'
    )


def main() -> None:
    """Write the picture."""
    TARGET.write_text(svg(json.loads(FIGURES.read_text(encoding="utf-8"))), encoding="utf-8")
    print(TARGET)


if __name__ == "__main__":
    main()
