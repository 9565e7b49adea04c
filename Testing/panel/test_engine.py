"""The section Engine: an environment is made on another thread; no defect and no end of Slicer hangs on it."""

import threading

import pytest


@pytest.fixture
def set_up(panel, monkeypatch):
    """Begins to set an environment up, which is made by a function of ours."""
    import SpineGTRefineLib.panel.engine_section as section

    def begin(make):
        monkeypatch.setattr(section, "find_uv", lambda: "uv")
        monkeypatch.setattr(section, "create_environment", make)
        panel.engine.ui.setUpButton.click()

    return begin


def test_whoever_leaves_slicer_does_not_wait_for_an_environment(program, module_widget, set_up):
    begun, ended = threading.Event(), threading.Event()

    def make(kind, *, uv, on_log, is_cancelled):
        begun.set()
        while not is_cancelled() and not ended.wait(0.01):
            continue
        ended.set()

    set_up(make)
    assert begun.wait(5)
    assert not ended.is_set()
    module_widget.cleanup()
    assert ended.wait(5)


def test_a_failure_that_nobody_foresaw_is_said_and_the_set_up_can_be_tried_again(program, panel, set_up):
    def make(kind, *, uv, on_log, is_cancelled):
        raise ZeroDivisionError("of a library")

    set_up(make)
    assert not panel.engine.ui.setUpButton.enabled
    program.wait_until(lambda: panel.engine.ui.setUpButton.enabled)
    assert "It failed unexpectedly: ZeroDivisionError: of a library" in panel.ui.statusLabel.text
