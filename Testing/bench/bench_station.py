"""How long a rater waits at the review station, in a real browser with a real mouse: wall time until the picture.

A brush that follows the mouse, a stroke, undo, save, the next case (read ahead while the rater looks at this one), and
the memory of the server after fifty cases with a stroke and an undo each. There is no original to compare with; the
promises are in the table. Pictures are drawn by the processor. Needs the extra ``station``, playwright and chromium;
real MRI is used where it is (see CONTRIBUTING). Prints a table and keeps it in ``results``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import station_world
from record import circumstances, keep
from station_images import oblique_image, spine_on
from station_world import FLAGS, SIZE, Page, StationProcess

from SpineGTRefineLib.imaging import Image, read_image, write_image, write_labels

RESULT = Path(__file__).parent / "results" / "station.md"
SHARED = Path(os.environ.get("SPINEGTREFINE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
CASES = 50
REST_MS = 1000
PROMISED = {"hover": 80, "stroke": 120, "undo": 200, "save": 200, "next": 500, "memory": 1024}
FOLLOW_PICTURES = """() => document.querySelectorAll('.views img').forEach((image, place) => {
  if (!place) image.addEventListener('load', () => window.pictures.push(performance.now())); })"""


def images() -> dict[str, Image]:
    """The images to work on, real ones first."""
    real = SHARED / "data" / "mri" / "lumbar_t2.nii.gz"
    found = {"lumbar T2w": read_image(real)} if real.is_file() else {}
    return {**found, "oblique, left-handed, 16 bits": oblique_image()}


def make_dataset(root: Path, image: Image, cases: int) -> None:
    """Write an image with a mask, and hang it in for each of the other subjects."""
    spine = spine_on(image)
    first: list[Path] = []
    for number in range(1, cases + 1):
        subject = f"sub-{number:02d}"
        files = [
            root / subject / "anat" / f"{subject}_T2w.nii.gz",
            root / "derivatives" / "labels" / subject / "anat" / f"{subject}_T2w_label-spine_dseg.nii.gz",
        ]
        for path in files:
            path.parent.mkdir(parents=True)
        if first:
            for path, original in zip(files, first, strict=True):
                os.link(original, path)
        else:
            write_image(files[0], image)
            write_labels(files[1], spine)
            first = files


class Rater:
    """Hands and a stopwatch at one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.waits: dict[str, list[float]] = {name: [] for name in PROMISED}
        page.page.evaluate("() => { window.pictures = []; }")
        page.page.evaluate(FOLLOW_PICTURES)
        page.take("paint")
        box = page.page.locator(".views img").first.bounding_box()
        self._x, self._y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.4

    def until_picture(self, what: str, act: Callable[[], object]) -> None:
        """Do something and take the milliseconds until the large view shows another picture."""
        page = self.page.page
        page.wait_for_timeout(REST_MS)
        begin = page.evaluate("() => { window.pictures = []; return performance.now(); }")
        act()
        page.wait_for_timeout(REST_MS)
        pictures = page.evaluate("() => window.pictures")
        if pictures:
            self.waits[what].append(pictures[0] - begin)

    def hover(self, step: int) -> None:
        """Move the brush a little."""
        self.until_picture("hover", lambda: self.page.page.mouse.move(self._x + step, self._y + 2 * step))

    def stroke(self, step: int) -> None:
        """Draw, and let the button go."""
        mouse, y = self.page.page.mouse, self._y + 5 * step
        mouse.move(self._x, y)
        mouse.down()
        mouse.move(self._x + 30, y + 20, steps=12)
        self.until_picture("stroke", mouse.up)

    def undo(self) -> None:
        """Take the stroke back."""
        self.until_picture("undo", lambda: self.page.press("Control+z"))

    def go_on(self) -> None:
        """Go to the next case, which was read ahead."""
        self.timed("next", "Alt+n", f"state.get('row_key') !== '{self.page.state('row_key')}'")

    def save(self) -> None:
        """Accept the mask; the list ends here, so that no other one is opened."""
        self.page.set("filter_text", self.page.state("row_key").partition("/")[0])
        self.page.page.wait_for_timeout(REST_MS)
        self.timed("save", "Control+Enter", "state.get('message').startsWith('Saved')")

    def timed(self, what: str, key: str, condition: str) -> None:
        """Press a key and take the milliseconds until the page knows."""
        page = self.page.page
        begin = time.perf_counter()
        self.page.press(key)
        page.wait_for_function(f"() => {{ const state = window.trame.state; return {condition}; }}", polling="raf")
        self.waits[what].append(1000 * (time.perf_counter() - begin))


def memory_mb(station: StationProcess) -> float:
    """Resident memory of the server."""
    for line in Path(f"/proc/{station.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def work_on(browser: object, folder: Path, image: Image, cases: int) -> dict[str, list[float]]:
    """Work at a station on a dataset, and return what was waited for (ms) and the memory (MB)."""
    make_dataset(folder / "dataset", image, cases)
    station = StationProcess(folder / "dataset", folder / "station.log")
    page = Page(browser.new_page(viewport=SIZE))
    try:
        page.open(station.url)
        rater = Rater(page)
        for step in range(12):
            rater.hover(step)
        for step in range(8):
            rater.stroke(step)
            rater.undo()
        rater.waits["memory"].append(memory_mb(station))
        for _ in range(cases - 1):
            rater.go_on()
            page.stroke()
            page.undoes("the last stroke")
            page.press("Control+z")
            page.undoes("")
            page.page.wait_for_timeout(REST_MS)  # a rater looks at it for longer
        rater.waits["memory"].append(memory_mb(station))
        rater.save()
        assert (page.errors, page.elsewhere) == ([], []), "an error on the page, or a request that leaves the machine"
        return rater.waits
    finally:
        page.page.close()
        station.stop()


def table(rows: dict[str, dict[str, list[float]]]) -> str:
    """Return the table of medians, with the longest waits in brackets."""
    words = {
        "hover": "the brush follows the mouse, ms",
        "stroke": "a stroke is applied, ms",
        "undo": "Ctrl+Z, ms",
        "save": "save, ms",
        "next": "next case, read ahead, ms",
        "memory": "memory of the server: one case, all cases, MB",
    }
    lines = [
        "# Waiting at the review station",
        "",
        f"{circumstances()}; pictures drawn by the processor, Chromium on the same machine{_priority()}.",
        f"Medians (longest); {CASES} cases of the first image. Made by `Testing/bench/bench_station.py`.",
        "",
        f"| what | {' | '.join(rows)} | promised |",
        "|---" * (len(rows) + 2) + "|",
    ]
    for what, promised in PROMISED.items():
        cells = [_cell(what, waits[what]) for waits in rows.values()]
        lines.append(f"| {words[what]} | {' | '.join(cells)} | {promised} |")
    return "\n".join(lines) + "\n"


def _priority() -> str:
    """Say so where a busy machine was told to run this first."""
    return "" if os.sched_getscheduler(0) == os.SCHED_OTHER else "; run with priority over the machine's other work"


def _cell(what: str, values: list[float]) -> str:
    if not values:
        return "-"
    if what == "memory":
        return ", ".join(f"{value:.0f}" for value in values)
    return f"{median(values):.0f} ({max(values):.0f})"


def main() -> None:
    """Measure and print."""
    if lacking := station_world.missing():
        print(f"not measured: needs {lacking}")
        return
    from playwright.sync_api import sync_playwright

    rows = {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=station_world.chromium(), args=FLAGS)
        for name, image in images().items():
            rows[name] = work_on(browser, Path(folder) / name.split()[0], image, 1 if rows else CASES)
        browser.close()
    keep(RESULT, table(rows))


if __name__ == "__main__":
    main()
