"""Make the pictures of the README from the current code: run the demo, let a browser draw its report, save the top.

Needs Chromium or Chrome: ``python Testing/tools/make_screenshots.py``.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = REPOSITORY / "Resources" / "Screenshots" / "demo_report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = (1280, 1560)
LARGEST_BYTES = 400_000
BITS = 5
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def draw(page: Path, folder: Path) -> Image.Image:
    """Let a browser draw the top of a page."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"No browser found; install one of: {', '.join(BROWSERS)}.")
    picture = folder / "picture.png"
    size = f"--window-size={SIZE[0]},{SIZE[1]}"
    places = [f"--user-data-dir={folder / 'browser'}", f"--screenshot={picture}", page.as_uri()]
    subprocess.run([browser, *FLAGS, size, *places], check=True, capture_output=True, timeout=120)
    return Image.open(io.BytesIO(picture.read_bytes())).convert("RGB")


def main() -> None:
    """Run the demo and save the picture of its report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "SpineGTRefineLib", "demo", "spine-gt-refine-demo"]
        subprocess.run(command, cwd=folder, check=True)
        picture = draw(folder / "spine-gt-refine-demo" / "report.html", folder)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    ImageOps.posterize(picture, BITS).save(TARGET, optimize=True)
    if TARGET.stat().st_size > LARGEST_BYTES:
        sys.exit(f"{TARGET.name} has {TARGET.stat().st_size} bytes, more than {LARGEST_BYTES}.")
    print(f"Saved {TARGET.relative_to(REPOSITORY)} ({TARGET.stat().st_size} bytes).")


if __name__ == "__main__":
    main()
