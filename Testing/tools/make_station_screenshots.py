"""Make the pictures of the review station from the current code: a moment of work on phantoms in a real browser.

Needs the extra ``station``, models (``[models]``), Playwright and Chromium:
``python Testing/tools/make_station_screenshots.py [FOLDER]`` (none: ``Resources/Screenshots``).
"""

import io
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = REPOSITORY / "Resources" / "Screenshots"
LARGEST_BYTES = 200_000
COLORS = (128, 96, 64)
"""Tried in turn until the file is small enough."""
WAIT_S, RUN_S = 60, 600
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]

import station_world  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from SpineGTRefineLib.phantoms.dataset import DEMO_CASES, make_dataset  # noqa: E402


class Camera:
    """Takes pictures of a page."""

    def __init__(self, page: station_world.Page, folder: Path) -> None:
        self._page = page
        self._folder = folder

    def take(self, name: str) -> None:
        """Save the page as it is once its views have settled."""
        self._page.page.wait_for_timeout(2500)
        picture = Image.open(io.BytesIO(self._page.page.screenshot())).convert("RGB")
        path = self._folder / f"{name}.png"
        for colors in COLORS:
            picture.quantize(colors, kmeans=3, dither=Image.Dither.NONE).save(path, optimize=True)
            if path.stat().st_size <= LARGEST_BYTES:
                break
        if path.stat().st_size > LARGEST_BYTES:
            sys.exit(f"{path.name} has {path.stat().st_size} bytes, more than {LARGEST_BYTES}.")
        print(f"Saved {path.name} ({path.stat().st_size} bytes).")


def work(page: station_world.Page, camera: Camera) -> None:
    """Correct the first mask: look at what is wrong, draw, see it in 3-D, compare with a model's proposal."""
    click = lambda name: page.page.get_by_test_id(name).click()  # noqa: E731
    click("tab-problems")
    page.until("problems", "value.length > 0", timeout_s=WAIT_S)
    page.press("n")
    page.until("problem", "value >= 0", timeout_s=WAIT_S)
    page.press("1")
    page.until("tool", "value === 'paint'", timeout_s=WAIT_S)
    page.stroke(0.6, 0.42, 20)
    page.until("undo_text", "value !== ''", timeout_s=WAIT_S)
    camera.take("station")
    click("tab-worklist")
    click("show_3d")
    page.page.wait_for_function("document.querySelectorAll('.views img').length >= 4", timeout=1000 * WAIT_S)
    camera.take("station_3d")
    click("show_3d")
    click("tab-compare")
    click("run")
    page.until("comparing", "value !== ''", timeout_s=RUN_S)
    click("tab-structure")
    camera.take("station_compare")


def main() -> None:
    """Work for a moment and take pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    folder.mkdir(parents=True, exist_ok=True)
    fine = replace(DEMO_CASES[0], settings=replace(DEMO_CASES[0].settings, spacing=1.2))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        made = make_dataset(Path(name), (fine, *DEMO_CASES[1:])).root
        root = made.rename(made.with_name("spine-study"))
        station = station_world.StationProcess(root, Path(name) / "station.log")
        browser = playwright.chromium.launch(executable_path=station_world.chromium(), args=station_world.FLAGS)
        try:
            page = station_world.Page(browser.new_context(viewport=station_world.SIZE).new_page())
            page.open(station.url)
            work(page, Camera(page, folder))
        finally:
            browser.close()
            station.stop()


if __name__ == "__main__":
    main()
