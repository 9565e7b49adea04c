"""The station as its users have it: a server process of its own, and Debian's Chromium with a real mouse."""

import importlib.util
import json
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
READY = """() => {
  if (!document.getElementById('curtain').hidden) return true;
  const views = [...document.querySelectorAll('.views img')];
  const drawn = (view) => view.clientWidth && Math.abs(view.naturalWidth - view.clientWidth) < 5;
  return views.length >= 3 && views.every(drawn);
}"""
"""The pictures are there, in the size in which they are shown; or the page waits, and says so."""
PLAIN = {"brush_mm": 6, "sphere": False, "area": "everywhere", "in_range_only": False, "contrast": "none"}
"""Settings of the tools that tests change."""


def missing() -> str:
    """What a test in the browser lacks here; "" if nothing."""
    lacking = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if not lacking and not chromium():
        lacking.append("chromium")
    return ", ".join(lacking)


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


class StationProcess:
    """``spine-gt-refine review`` in a process; ``program`` may be a file that does the same with a stand-in."""

    def __init__(self, dataset: Path, log: Path, rater: str = "AB", program=("-m", "SpineGTRefineLib")) -> None:
        command = [sys.executable, *map(str, program), "review", str(dataset), "--rater", rater]
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

    @property
    def pid(self) -> int:
        return self._process.pid

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
        self.until("holder", "value !== ''")
        self.page.wait_for_function(READY, timeout=20000)

    def state(self, name: str):
        return self.page.evaluate(f"window.trame.state.get('{name}')")

    def until(self, name: str, condition: str, timeout_s: float = 15) -> None:
        script = f"() => {{ const value = window.trame.state.get('{name}'); return {condition}; }}"
        self.page.wait_for_function(script, timeout=1000 * timeout_s)

    def set(self, name: str, value) -> None:
        """Move a control."""
        self.page.evaluate("([name, value]) => window.trame.state.set(name, value)", [name, value])
        self.page.wait_for_timeout(150)  # the page tells the server a moment later

    def click(self, testid: str) -> None:
        """Press a button with the mouse."""
        self.page.get_by_test_id(testid).click()

    def act(self, *words) -> None:
        self.page.evaluate("words => window.trame.utils.station.act(...words)", list(words))

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def take(self, tool: str) -> None:
        """Take a tool into the hand."""
        if self.state("tool") != tool:
            self.act("tool", tool)
            self.until("tool", f"value === '{tool}'")

    def stroke(self, across: float = 0.5, down: float = 0.5, length: int = 30) -> None:
        """Draw a line in the sagittal view, beginning at a part of its width and height."""
        self.drag([(0, 0), (length / 3, length)], across, down)

    def drag(self, points, across: float = 0.5, down: float = 0.5, steps: int = 10) -> None:
        """Hold the left button and go from point to point (pixels from a part of the sagittal view)."""
        box = self.page.locator(".views img").first.bounding_box()
        x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
        (right, below), *others = points
        self.page.mouse.move(x + right, y + below)
        self.page.mouse.down()
        for right, below in others:
            self.page.mouse.move(x + right, y + below, steps=steps)
            self.page.wait_for_timeout(100)
        self.page.mouse.up()

    def undoes(self, text: str) -> None:
        """Wait until undo would undo this."""
        self.until("undo_text", f"value === {json.dumps(text)}")

    def open_mask(self, case: str, kind: str = "spine") -> None:
        """Open a mask and put the tools back as they are at the start."""
        self.act("open", case, kind)
        self.until("row_key", f"value === '{case}/{kind}'")
        for name, value in PLAIN.items():
            self.set(name, value)
        self.take("none")

    def save(self) -> None:
        """Accept the mask, if need be in spite of what the check says, and go to the next one."""
        before = self.state("row_key")
        self.press("Control+Enter")
        self.page.wait_for_function(
            "before => window.trame.state.get('objections').length || window.trame.state.get('row_key') !== before",
            arg=before,
        )
        if self.state("objections"):
            self.click("insist")
            self.until("row_key", f"value !== {json.dumps(before)}")


def voxels(path: Path) -> np.ndarray:
    import nibabel

    return np.asanyarray(nibabel.load(path).dataobj)
