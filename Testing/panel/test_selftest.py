"""The self-test for a real Slicer: every step runs or says why not, and a failing step is not called OK."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "selftest" / "selftest.py"


@pytest.fixture
def selftest():
    spec = importlib.util.spec_from_file_location("selftest", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outcomes(selftest, capsys):
    code = selftest.run()
    lines = capsys.readouterr().out.splitlines()
    return code, {name: next(line for line in lines if line.startswith(f"{name}: ")) for name in selftest.STEPS}


@pytest.fixture
def in_program(program, monkeypatch, module_widget):
    """The two ways to a module that the program has."""
    import slicer

    monkeypatch.setattr(slicer.util, "selectModule", lambda name: getattr(module_widget, _visit(name))())
    monkeypatch.setattr(slicer.util, "getModule", lambda name: True)
    monkeypatch.setattr(slicer.util, "getModuleWidget", lambda name: module_widget)
    monkeypatch.setattr(module_widget, "onReload", lambda: None)
    return program


def _visit(name):
    return "enter" if name == "SpineGTRefine" else "exit"


@pytest.mark.slow
def test_with_a_main_window_every_step_runs(selftest, in_program, capsys):
    code, lines = outcomes(selftest, capsys)
    assert [line for line in lines.values() if not line.endswith("OK")] == []
    assert code == 0


@pytest.mark.slow
def test_without_a_main_window_the_steps_that_need_one_are_skipped_with_a_reason(
    selftest, in_program, monkeypatch, capsys
):
    import slicer

    monkeypatch.setattr(slicer.util, "mainWindow", lambda: None)
    code, lines = outcomes(selftest, capsys)
    assert lines["logic_saves"].endswith("OK")
    assert "SKIPPED (needs a main window)" in lines["panel"]
    assert "SKIPPED" in lines["jump"]
    assert code == 0


@pytest.mark.slow
def test_a_failing_step_is_failed_and_the_exit_code_says_so(selftest, in_program, monkeypatch, capsys):
    def fail(self):
        """Fail."""
        raise AssertionError("wrong")

    monkeypatch.setattr(selftest.SelfTest, "jump", fail)
    code, lines = outcomes(selftest, capsys)
    assert "FAILED" in lines["jump"]
    assert code == 1
