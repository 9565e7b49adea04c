"""``doctor``: a whole installation is well, and a broken one is named with what to do."""

import sys

import pytest

from SpineGTRefineLib import __version__, resources
from SpineGTRefineLib.cli import doctor
from SpineGTRefineLib.process.environments import interpreter_of


def test_this_installation_is_well(program):
    outcome = program("doctor", "--json")
    assert outcome.code == 0
    assert outcome.json["version"] == __version__
    assert [finding for finding in outcome.json["findings"] if finding["status"] == "problem"] == []


def test_people_get_a_table_and_a_verdict(program):
    assert "Everything that is needed is here." in program("doctor").out


def test_what_is_optional_and_absent_is_no_problem(program, monkeypatch):
    monkeypatch.setattr(doctor, "OPTIONAL", {"no-such-package": "does nothing"})
    outcome = program("doctor", "--json")
    found = {finding["what"]: finding["status"] for finding in outcome.json["findings"]}
    assert (outcome.code, found["no-such-package"]) == (0, "note")


def test_a_missing_package_is_a_problem(program, monkeypatch):
    monkeypatch.setattr(doctor, "REQUIRED", ("no-such-package",))
    outcome = program("doctor")
    assert outcome.code == 50
    assert "no-such-package" in outcome.error_lines[0]
    assert "Reinstall" in outcome.error_lines[-1]


def test_missing_label_schemes_are_a_problem(program, monkeypatch, tmp_path):
    from SpineGTRefineLib.anatomy import schemes

    schemes.scheme_names.cache_clear()
    monkeypatch.setattr(resources, "_CANDIDATES", (tmp_path,))
    outcome = program("doctor")
    schemes.scheme_names.cache_clear()
    assert outcome.code == 50
    assert "Label schemes" in outcome.error_lines[0]


def test_a_folder_for_results_that_does_not_exist(program, tmp_path):
    outcome = program("doctor", "--folder", tmp_path / "none")
    assert outcome.code == 50
    assert "Folder for results" in outcome.error_lines[0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows folders have no such permission")
def test_a_folder_for_results_that_refuses_files(program, monkeypatch, tmp_path):
    def refuse(**_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "NamedTemporaryFile", refuse)
    outcome = program("doctor", "--folder", tmp_path, "--json")  # a table may wrap the words
    assert outcome.code == 50
    assert "Permission denied" in outcome.out


def test_it_leaves_nothing_behind(program, tmp_path):
    assert program("doctor", "--folder", tmp_path).code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_tool_that_opens_weights_without_protection_is_named(program, monkeypatch, tmp_path):
    monkeypatch.setenv("SPINEGTREFINE_ENVIRONMENTS", str(tmp_path))
    for name in ("spineps", "models"):
        python = interpreter_of(tmp_path / name)
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
    findings = {found["what"]: found for found in program("doctor", "--json").json["findings"]}
    assert "runs code that weights may hold" in findings["Weights of spineps"]["found"]
    assert "Weights of models" not in findings
