"""Environments: made apart, checked by asking them, removed whole, never half there."""

import shutil
import sys
from pathlib import Path

import pytest

from SpineGTRefineLib.errors import CancelledError, MissingDependencyError, UsageError, WorkerError
from SpineGTRefineLib.process import environments
from SpineGTRefineLib.process.environment_making import create_environment, find_uv, remove_environment
from SpineGTRefineLib.process.environments import (
    EnvironmentKind,
    check_python,
    environment_kind,
    installed_environments,
    interpreter_of,
)

EMPTY = EnvironmentKind("empty", "Empty", f"{sys.version_info[0]}.{sys.version_info[1]}", ("six",), ("six",))


@pytest.fixture
def fake_uv(tmp_path):
    """A stand-in for the installer: makes a real environment with venv, says something, and can be told to fail."""

    def make(install: str) -> Path:
        script = tmp_path / "uv"
        script.write_text(
            f"#!/bin/sh\nif [ $1 = venv ]; then exec {sys.executable} -m venv --without-pip $4; fi\n{install}\n"
        )
        script.chmod(0o755)
        return script

    if sys.platform == "win32":
        pytest.skip("the stand-in for uv is a shell script")
    return make


def test_the_running_python_is_described_as_it_is():
    report = check_python(Path(sys.executable), ["numpy", "no_such_module"])
    assert report.python == sys.version.split()[0]
    assert set(report.found) == {"numpy"}
    assert "No module" in report.missing["no_such_module"]
    assert not report.usable


def test_a_file_that_is_no_python_is_a_clear_error(tmp_path):
    for path in (tmp_path / "nothing", Path(shutil.which("true") or "true")):
        with pytest.raises(WorkerError, match="does not work as a Python") as caught:
            check_python(path, [])
        assert "env create" in caught.value.remedy


def test_an_environment_is_made_listed_and_removed(tmp_path, fake_uv):
    lines = []
    python = create_environment(EMPTY, uv=fake_uv("echo done >&2"), folder=tmp_path / "envs", on_log=lines.append)
    assert python == interpreter_of(tmp_path / "envs" / "empty")
    assert check_python(python, []).usable
    assert "done" in lines
    assert installed_environments(tmp_path / "envs") == {"empty": python}
    with pytest.raises(UsageError, match="exists"):
        create_environment(EMPTY, uv=fake_uv("true"), folder=tmp_path / "envs")
    remove_environment("empty", tmp_path / "envs")
    assert installed_environments(tmp_path / "envs") == {}


def test_a_failed_installation_says_why_and_leaves_nothing(tmp_path, fake_uv):
    with pytest.raises(WorkerError, match="No space left on device"):
        create_environment(EMPTY, uv=fake_uv("echo 'No space left on device' >&2; exit 1"), folder=tmp_path / "envs")
    assert list((tmp_path / "envs").iterdir()) == []


def test_a_cancelled_installation_leaves_nothing(tmp_path, fake_uv):
    with pytest.raises(CancelledError):
        create_environment(EMPTY, uv=fake_uv("sleep 600"), folder=tmp_path / "envs", is_cancelled=lambda: True)
    assert list((tmp_path / "envs").iterdir()) == []


def test_without_uv_the_user_is_told_both_ways_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(environments.FOLDER_VARIABLE, str(tmp_path))
    assert find_uv() is None
    with pytest.raises(MissingDependencyError) as caught:
        create_environment(EMPTY, folder=tmp_path / "envs")
    assert "--install-uv" in caught.value.remedy
    assert "Python of your own" in caught.value.remedy


def test_only_what_was_made_here_can_be_removed(tmp_path):
    (tmp_path / "envs" / "precious").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "pyvenv.cfg").touch()
    (tmp_path / "pyvenv.cfg").touch()
    for name in ("precious", "../elsewhere", str(tmp_path / "elsewhere"), "", ".", ".."):
        with pytest.raises(UsageError, match="no environment"):
            remove_environment(name, tmp_path / "envs")
    assert (tmp_path / "envs" / "precious").is_dir()
    assert (tmp_path / "elsewhere" / "pyvenv.cfg").is_file()


def test_what_a_power_cut_left_of_an_environment_can_be_removed_and_made_anew(tmp_path, fake_uv):
    half = tmp_path / "envs" / "empty"
    half.mkdir(parents=True)
    (half / "pyvenv.cfg").touch()
    with pytest.raises(UsageError, match="exists") as caught:
        create_environment(EMPTY, uv=fake_uv("true"), folder=tmp_path / "envs")
    assert caught.value.remedy.endswith("env remove empty")
    remove_environment("empty", tmp_path / "envs")
    assert create_environment(EMPTY, uv=fake_uv("true"), folder=tmp_path / "envs").exists()


def test_a_folder_of_the_user_in_the_way_is_named_and_stays(tmp_path, fake_uv):
    (tmp_path / "envs" / "empty").mkdir(parents=True)
    with pytest.raises(UsageError, match="is in the way") as caught:
        create_environment(EMPTY, uv=fake_uv("true"), folder=tmp_path / "envs")
    assert caught.value.remedy
    assert (tmp_path / "envs" / "empty").is_dir()


def test_the_models_environment_is_declared():
    kind = environment_kind("models")
    assert any(package.startswith("nnunetv2") for package in kind.packages)
    with pytest.raises(UsageError, match="no environment"):
        environment_kind("kitchen")
