"""``env`` and a Python for models that is not there: what is found is shown, what is missing has its ways out."""

import sys
from pathlib import Path

import pytest

from SpineGTRefineLib.process import environments


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch, tmp_path):
    monkeypatch.setenv(environments.FOLDER_VARIABLE, str(tmp_path / "environments"))
    monkeypatch.delenv("SPINEGTREFINE_PYTHON", raising=False)


@pytest.fixture
def made(tmp_path):
    """An environment that stands where made ones are."""
    python = environments.interpreter_of(tmp_path / "environments" / "models")
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (tmp_path / "environments" / "models" / "pyvenv.cfg").touch()
    return python


def test_an_empty_list_says_how_to_make_one(program):
    outcome = program("env", "list")
    assert outcome.code == 0
    assert "env create models" in outcome.out


def test_what_was_made_is_listed_and_removed(program, made):
    assert program("env", "list", "--json").json["environments"] == {"models": str(made)}
    assert program("env", "remove", "models").code == 0
    assert not made.exists()
    assert program("env", "remove", "models").code == 2


def test_without_uv_both_ways_out_are_told_and_nothing_is_installed(program, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = program("env", "create", "models")
    assert outcome.code == 50
    assert "--install-uv" in outcome.error_lines[-1]
    assert not (tmp_path / "environments").exists()


def test_a_python_that_cannot_run_models_is_named_with_what_it_lacks(program, monkeypatch):
    monkeypatch.setattr(environments, "check_python", _lacking("nnunetv2"))
    monkeypatch.setattr("SpineGTRefineLib.engine.launch.check_python", _lacking("nnunetv2"))
    outcome = program("env", "check", "--python", sys.executable)
    assert outcome.code == 50
    assert "lacks nnunetv2" in outcome.error_lines[0]


def test_the_doctor_shows_environments_and_no_name_of_the_user(program, made, monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    outcome = program("doctor", "--json")
    found = {finding["what"]: finding["found"] for finding in outcome.json["findings"]}
    assert found["Environment models"].startswith("~")
    assert "GB" in found["Memory"]
    assert str(tmp_path) not in outcome.out


def _lacking(name):
    def report(python, imports, **_options):
        return environments.EnvironmentReport(python, "3.12.0", {}, {name: "No module"}, None)

    return report
