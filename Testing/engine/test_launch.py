"""Which Python runs models: the one that was named, the one that was made, this one, or a clear way out."""

import sys
from pathlib import Path

import pytest

from SpineGTRefineLib.engine import find_python, launch
from SpineGTRefineLib.errors import MissingDependencyError, WorkerError
from SpineGTRefineLib.process.environments import EnvironmentReport


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch):
    monkeypatch.delenv(launch.PYTHON_VARIABLE, raising=False)
    monkeypatch.setattr(launch, "installed_environments", dict)
    monkeypatch.setattr(launch, "_can_run_models", lambda: False)


def answer(monkeypatch, **missing):
    report = lambda python, imports, load: EnvironmentReport(python, "3.12.0", {}, missing, None)  # noqa: E731
    monkeypatch.setattr(launch, "check_python", report)


def test_the_one_that_is_named_wins_then_the_variable_then_the_environment_then_this_one(monkeypatch, tmp_path):
    answer(monkeypatch)
    monkeypatch.setattr(launch, "_can_run_models", lambda: True)
    assert find_python() == Path(sys.executable)
    monkeypatch.setattr(launch, "installed_environments", lambda: {"models": tmp_path / "made"})
    assert find_python() == tmp_path / "made"
    monkeypatch.setenv(launch.PYTHON_VARIABLE, str(tmp_path / "variable"))
    assert find_python() == tmp_path / "variable"
    assert find_python(tmp_path / "named") == tmp_path / "named"


def test_one_that_lacks_something_is_refused_by_name_not_passed_over(monkeypatch, tmp_path):
    answer(monkeypatch, nnunetv2="No module named 'nnunetv2'")
    with pytest.raises(MissingDependencyError, match="lacks nnunetv2"):
        find_python(tmp_path / "python")


def test_an_environment_that_was_only_half_made_is_refused_and_made_anew(monkeypatch, tmp_path):
    answer(monkeypatch, torch="No module named 'torch'")
    monkeypatch.setattr(launch, "installed_environments", lambda: {"models": tmp_path / "made"})
    with pytest.raises(MissingDependencyError, match="lacks torch") as caught:
        find_python()
    assert "env remove models" in caught.value.remedy


def test_one_that_is_no_python_is_refused(tmp_path):
    with pytest.raises(WorkerError):
        find_python(tmp_path / "python")


def test_without_any_the_user_is_told_both_ways_out():
    with pytest.raises(MissingDependencyError) as caught:
        find_python()
    assert "env create" in caught.value.remedy
    assert "--python" in caught.value.remedy


def test_the_worker_runs_apart_from_the_users_own_packages():
    command = launch.worker_command("python")
    assert {"-s", "-P"} <= set(command)
