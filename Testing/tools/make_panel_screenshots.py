"""Make the pictures of the panel from the current code: a short day in the harness, a picture at each step.

The widgets of Slicer and CTK in these pictures are the harness's stand-ins; in Slicer they look like Slicer's own.

``python Testing/tools/make_panel_screenshots.py`` (needs slicer-core and PySide6)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = REPOSITORY / "Resources" / "Screenshots"
WIDTH = 470
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "harness")]

import program  # noqa: E402
from PIL import Image  # noqa: E402
from pythonqt import qt  # noqa: E402


class Camera:
    """Takes pictures of the panel, or of some sections of it."""

    def __init__(self, panel: object) -> None:
        self._panel = panel

    def take(self, name: str, *sections: object) -> None:
        """Save a picture of these sections, one below the other (none: of the whole panel)."""
        self._settle()
        widgets = [section.widget for section in sections] or [self._panel.widget]
        pictures = [widget.grab() for widget in widgets]
        sheet = qt.QPixmap(max(p.width() for p in pictures), sum(p.height() for p in pictures))
        sheet.fill(qt.QApplication.palette().color(qt.QPalette.Window))
        painter, top = qt.QPainter(sheet), 0
        for picture in pictures:
            painter.drawPixmap(0, top, picture)
            top += picture.height()
        painter.end()
        path = TARGET / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(str(path))
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        print(f"Saved {name}.png ({path.stat().st_size} bytes).")

    def _settle(self) -> None:
        window = self._panel.widget.window()
        for _ in range(3):
            # Texts that wrap are higher than the least height that the window states.
            wrapped = window.centralWidget().layout().totalHeightForWidth(WIDTH)
            window.resize(WIDTH, max(window.minimumSizeHint().height(), wrapped))
            qt.QApplication.processEvents()


def main() -> None:
    """Work for a moment and take pictures."""
    from SpineGTRefineLib.phantoms.dataset import DEMO_CASES, make_dataset

    with tempfile.TemporaryDirectory() as folder:
        root = make_dataset(Path(folder), DEMO_CASES[:3]).root
        _, widget = program.open_module(REPOSITORY / "SpineGTRefine")
        panel, camera = widget.panel, Camera(widget.panel)
        _use_gray_letters()
        panel.engine.ui.engineLabel.text = "\u2714 Models run with /home/ab/models/bin/python"
        panel.dataset.ui.raterEdit.text = "AB"
        panel.dataset.ui.datasetPath.currentPath = "/data/spine-study"
        camera.take("panel_dataset", panel.dataset, panel.engine)
        panel.workspace.openDataset(str(root), "AB")
        panel.models.widget.collapsed = True
        panel.levels.widget.collapsed = True
        panel.problems.go(0)
        camera.take("panel")
        camera.take("panel_check", panel.problems)
        panel.levels.widget.collapsed = False
        panel.workspace.choose("vertebra_L3")
        camera.take("panel_levels", panel.levels)
        panel.models.widget.collapsed = False
        _fill_queue(panel)
        camera.take("panel_models", panel.models)
        panel.models.widget.collapsed = True
        panel.slices.widget.collapsed = False
        panel.slices.ui.firstSpin.value -= 2
        panel.slices.ui.vouchButton.click()
        camera.take("panel_slices", panel.slices)
        panel.workspace.session.apply(_keep_largest("vertebra_L3"))
        _erase_something(panel)
        panel.versions.onOpened()
        panel.versions.widget.collapsed = False
        panel.versions.compare()
        camera.take("panel_compare", panel.versions)
        panel.finish.ui.noteEdit.text = "leak into the canal at L1"
        panel.finish.ui.gradeCombo.currentIndex = 2
        panel.finish.saveAndNext()
        camera.take("panel_finish", panel.finish)
        _show_models(panel)
        camera.take("panel_learn", panel.learn)
        panel.keySheet.toggle()
        camera.take("panel_keys", panel.keySheet)
        widget.cleanup()


def _use_gray_letters() -> None:
    """Draw letters without the colored edges of one kind of screen, which would fill the palette."""
    font = qt.QApplication.font()
    font.setStyleStrategy(qt.QFont.NoSubpixelAntialias)
    qt.QApplication.setFont(font)


def _keep_largest(key: str) -> object:
    from SpineGTRefineLib.review.operations import keep_largest_piece

    return keep_largest_piece(key)


def _fill_queue(panel: object) -> None:
    """Put runs on the board as they are after a while; no model runs for a picture."""
    from SpineGTRefineLib.engine import Progress, State, Ticket
    from SpineGTRefineLib.review.run_board import Run

    session = panel.workspace.session
    states = (State.DONE, State.RUNNING, State.QUEUED)
    for number, (item, state) in enumerate(zip(session.worklist, states, strict=False), start=1):
        made = session._made_by("canal", item.case)
        session.runs.add(Run(made, "canal", Ticket({"recipe": "canal"}, 0, None, None, number, state)))
    running = session.runs.current
    session.runs.advance(running, Progress("predict", 0.58, 7, 12, 21.0))
    panel.models.runs.show()


def _show_models(panel: object) -> None:
    """List models as they are after three rounds; nothing is trained for a picture."""
    from SpineGTRefineLib.learning.training.overview import ModelRow, Overview
    from SpineGTRefineLib.panel import learn_section

    rows = (
        ModelRow("spine_D2", "D2", 0.921, 0.914, False, Path()),
        ModelRow("spine_D2-fold1", "D2", 0.917, 0.918, True, Path()),
        ModelRow("spine_D3", "D3", 0.934, 0.929, False, Path()),
    )
    verdict = "spine_D2-fold1: It is better: gain +0.0213, 95 % interval +0.0120 to +0.0305, p = 0.0004."
    learn_section.read_overview = lambda dataset, kind: Overview(("D1", "D2", "D3"), rows, verdict)
    panel.learn.widget.collapsed = False
    program.wait_until(lambda: panel.learn.ui.learnTable.rowCount == len(rows))
    panel.learn.ui.learnTable.selectRow(len(rows) - 1)


def _erase_something(panel: object) -> None:
    from SpineGTRefineLib.review.operations import clear_slices

    panel.workspace.session.apply(clear_slices(2, 40, 60))


if __name__ == "__main__":
    main()
