"""The station as its users have it: a server process of its own, and Debian's Chromium with a real mouse."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

LIBRARIES = ("trame_slicer", "playwright")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SIZE = {"width": 1366, "height": 768}


def missing() -> str:
    """What a test in the browser lacks here; "" if nothing."""
    lacking = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if not lacking and not chromium():
        lacking.append("chromium")
    return ", ".join(lacking)


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


class StationProcess:
    """``spine-gt-refine review`` in a process."""

    def __init__(self, dataset: Path, log: Path, rater: str = "AB") -> None:
        command = [sys.executable, "-m", "SpineGTRefineLib", "review", str(dataset), "--rater", rater]
        self._log = log.open("w")
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        self.log = log
        self.url = self._read_url()

    def _read_url(self) -> str:
        for line in self._process.stdout:
            if found := re.search(r"http://\S+", line):
                return found.group()
        raise AssertionError(f"the station did not start: {self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)
        self._log.close()

    def stop(self) -> int:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        code = self._process.wait(20)
        self._log.close()
        return code


class Page:
    """One tab, with the hands of a rater."""

    def __init__(self, page) -> None:
        self.page = page
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._on_request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console", lambda said: self.errors.append(f"{said.text} {said.location}") if said.type == "error" else None
        )

    def _on_request(self, request) -> None:
        if not request.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "blob:", "data:")):
            self.elsewhere.append(request.url)

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("[data-testid=saveAndNext]", timeout=20000)
        self.page.wait_for_function("document.querySelectorAll('.views img').length >= 3", timeout=20000)
        self.until("holder", "value !== ''")
        self.page.wait_for_timeout(1500)

    def state(self, name: str):
        return self.page.evaluate(f"window.trame.state.get('{name}')")

    def until(self, name: str, condition: str, timeout_s: float = 15) -> None:
        script = f"() => {{ const value = window.trame.state.get('{name}'); return {condition}; }}"
        self.page.wait_for_function(script, timeout=1000 * timeout_s)

    def act(self, *words) -> None:
        self.page.evaluate("words => window.trame.utils.station.act(...words)", list(words))

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def stroke(self, across: float = 0.5, down: float = 0.5, length: int = 30) -> None:
        """Draw a line in the sagittal view, beginning at a part of its width and height."""
        box = self.page.locator(".views img").first.bounding_box()
        x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
        self.page.mouse.move(x, y)
        self.page.wait_for_timeout(300)
        self.page.mouse.down()
        for step in range(10):
            self.page.mouse.move(x + step, y + step * length / 10)
            self.page.wait_for_timeout(15)
        self.page.mouse.up()


def voxels(path: Path) -> np.ndarray:
    import nibabel

    return np.asanyarray(nibabel.load(path).dataobj)
