"""A model runs in a process of its own while the rater works on: progress, a proposal, cancel, no stutter."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hands import paint, press
from pythonqt import qt

from SpineGTRefineLib.engine import State

WORKER = Path(__file__).resolve().parents[1] / "support" / "proposing_worker.py"
LONGEST_GAP_S = 0.1


@pytest.fixture
def with_worker(program, panel, dataset, monkeypatch):
    """The canal mask of the first case is open, and there is a worker."""
    import SpineGTRefineLib.panel.engine_starter as starter

    monkeypatch.setattr(starter, "find_python", lambda asked=None: Path(sys.executable))
    monkeypatch.setattr(starter, "worker_command", lambda python: [str(python), str(WORKER)])
    panel.workspace.openDataset(str(dataset.root), "AB")
    session = panel.workspace.session
    panel.workspace.open(session.worklist.item(("sub-01_T2w", "canal")))
    return panel


class Metronome:
    """Longest time in which the event loop did not come round."""

    def __init__(self):
        self._last, self.gap_s = time.perf_counter(), 0.0
        self._timer = qt.QTimer()
        self._timer.setInterval(1)
        self._timer.connect("timeout()", self._beat)
        self._timer.start()

    def _beat(self):
        now = time.perf_counter()
        self.gap_s, self._last = max(self.gap_s, now - self._last), now


def test_a_run_shows_its_progress_and_arrives_as_a_proposal(program, with_worker):
    panel, session = with_worker, with_worker.workspace.session
    before = session.bench.labels().array.copy()
    seen = set()
    press(program, "M")
    assert not panel.models.ui.runButton.enabled
    assert panel.models.ui.cancelButton.enabled

    def arrived():
        seen.add(panel.models.ui.stageLabel.text)
        return bool(session.bench.proposals)

    program.wait_until(arrived, timeout_s=60)
    assert any("predict 6/12" in text for text in seen), seen
    program.wait_until(lambda: panel.models.ui.runButton.enabled)
    assert panel.models.ui.stageLabel.text == "done"
    np.testing.assert_array_equal(session.bench.labels().array, before)
    assert "your mask has not changed" in panel.ui.statusLabel.text
    panel.versions.ui.adoptAllButton.click()
    assert (session.bench.labels().array > 0).sum() > 0
    panel.editor.undo()
    np.testing.assert_array_equal(session.bench.labels().array, before)


def test_a_run_can_be_cancelled(program, with_worker):
    panel = with_worker
    panel.models.ui.runButton.click()
    ticket = panel.models._ticket
    program.wait_until(lambda: "predict" in panel.models.ui.stageLabel.text, timeout_s=60)
    panel.models.ui.cancelButton.click()
    program.wait_until(lambda: panel.models.ui.runButton.enabled)
    assert ticket.state is State.CANCELLED
    assert panel.models.ui.stageLabel.text == "cancelled"
    assert not panel.workspace.session.bench.proposals


def test_the_event_loop_never_waits_long_while_a_model_runs_and_drafts_are_written(program, with_worker):
    panel, session = with_worker, with_worker.workspace.session
    panel.models.ui.runButton.click()
    program.wait_until(lambda: "predict" in panel.models.ui.stageLabel.text, timeout_s=60)
    metronome = Metronome()
    end = time.monotonic() + 1.0
    strokes = 0

    def painting():
        nonlocal strokes
        if strokes < 4 and time.monotonic() > end - 1.0 + 0.2 * strokes:
            strokes += 1
            session.bench.remark(note=f"stroke {strokes}")
            session.tick()
        return time.monotonic() > end

    program.wait_until(painting)
    assert metronome.gap_s < LONGEST_GAP_S, f"{metronome.gap_s * 1000:.0f} ms"


def test_without_a_worker_the_rest_works_and_the_reason_is_said(program, opened):
    opened.workspace.session._runs._engine = None
    opened.models.ui.runButton.click()
    assert opened.ui.statusLabel.text.startswith("\u2716 No worker")
    assert paint(opened, "vertebra_L3").shape == (4, 3)


def test_the_engine_section_says_which_python_runs_models(program, with_worker):
    program.wait_until(lambda: "Looking" not in with_worker.engine.ui.engineLabel.text)
    assert with_worker.engine.ui.engineLabel.text[0] in "\u2714\u25b2"
