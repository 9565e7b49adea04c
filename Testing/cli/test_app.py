"""The program as a whole: help, version, and what a failure looks like."""

import subprocess
import sys

import pytest
from commands import GROUP, all_commands

from SpineGTRefineLib import __version__, errors
from SpineGTRefineLib.cli import app as app_module
from SpineGTRefineLib.cli import doctor
from SpineGTRefineLib.cli.terminal import plain

HEAVY = ("numpy", "scipy", "nibabel", "SimpleITK", "jinja2", "PIL")


def test_the_version_is_printed(program):
    outcome = program("--version")
    assert (outcome.code, outcome.out.strip()) == (0, f"spine-gt-refine {__version__}")


def test_help_names_every_command(program):
    outcome = program("--help")
    assert outcome.code == 0
    assert [name for name in GROUP.commands if f" {name} " not in outcome.out] == []


@pytest.mark.parametrize("command", ["index", "refine spine"])
def test_a_command_explains_itself(program, command):
    outcome = program(*command.split(), "--help")
    assert outcome.code == 0
    assert "--json" in outcome.out


@pytest.mark.parametrize("command", [pytest.param(command, id=name) for name, command in all_commands()])
def test_every_command_and_each_of_its_options_is_explained(command):
    assert command.help
    assert [parameter.name for parameter in command.params if not parameter.help] == []
    options = {option for parameter in command.params for option in parameter.opts}
    assert "--json" in options or command.name == "review", "review serves a page and has no result"


def test_the_module_runs_without_an_installed_script():
    run = subprocess.run([sys.executable, "-m", "SpineGTRefineLib", "--version"], capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, f"spine-gt-refine {__version__}")


def test_help_is_quick_because_nothing_heavy_is_loaded():
    code = (
        "import sys; from SpineGTRefineLib.cli import app\n"
        "try: app.main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "loaded: []"


def test_a_wrong_option_is_a_usage_error(program):
    assert program("index", "--no-such-option").code == 2


def test_an_unknown_command_is_a_usage_error(program):
    assert program("no-such-command").code == 2


ALL_ERRORS = [
    error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.RefineError)
]


@pytest.mark.parametrize("error", ALL_ERRORS, ids=lambda error: error.__name__)
def test_a_failure_is_one_line_of_cause_one_of_remedy_and_its_exit_code(program, monkeypatch, error):
    _break_doctor(monkeypatch, error("The file is\nnot usable.", "Choose another."))
    outcome = program("doctor")
    assert outcome.code == error.exit_code
    assert outcome.error_lines == ["Error: The file is not usable.", "What to do: Choose another."]
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_each_kind_of_failure_that_a_script_may_ask_for_has_its_own_exit_code():
    codes = [error.exit_code for error in ALL_ERRORS]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes


def test_with_json_a_failure_is_a_json_document_too(program, monkeypatch):
    _break_doctor(monkeypatch, errors.CorruptFileError("Cut short.", "Copy it again."))
    outcome = program("doctor", "--json")
    assert outcome.json == {
        "error": {"class": "CorruptFileError", "cause": "Cut short.", "remedy": "Copy it again.", "exit_code": 11}
    }
    assert outcome.code == 11


def test_a_defect_of_the_program_is_named_without_a_traceback(program, monkeypatch):
    _break_doctor(monkeypatch, KeyError("oops"))
    outcome = program("doctor")
    assert outcome.code == 70
    assert "KeyError" in outcome.err
    assert "--debug" in outcome.err
    assert "Traceback" not in outcome.err


def test_debug_shows_where_it_failed(program, monkeypatch):
    _break_doctor(monkeypatch, KeyError("oops"))
    assert "Traceback" in program("--debug", "doctor").err


def test_a_file_name_cannot_steer_the_terminal():
    assert plain("sub-01\x1b[2J\x07") == "sub-01�[2J�"


def test_a_name_that_looks_like_markup_is_printed_as_it_is(program, monkeypatch):
    _break_doctor(monkeypatch, errors.InputError("[bold red]sub-01[/] :smile: [link=http://x]"))
    assert program("doctor").error_lines == ["Error: [bold red]sub-01[/] :smile: [link=http://x]"]


def test_the_console_script_is_this_program(repository):
    assert 'spine-gt-refine = "SpineGTRefineLib.cli.app:main"' in (repository / "pyproject.toml").read_text()
    assert callable(app_module.main)


def _break_doctor(monkeypatch, error):
    def fail(_folder):
        raise error

    monkeypatch.setattr(doctor, "_findings", fail)


def test_names_in_a_narrow_table_can_be_copied(program, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    listed = program("models", "list")
    assert listed.code == 0
    assert "canal_r20260406 " in listed.out
    assert "totalspineseg_step1_r20241115 " in listed.out
    assert max(len(line) for line in listed.out.splitlines() if not line.startswith(("Models", "*"))) <= 80
    assert listed.out.count("names none of its own for the weights") == 1


def test_ctrl_c_ends_a_command_with_a_word(program, dataset, monkeypatch):
    from SpineGTRefineLib.bids import Dataset

    def press(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(Dataset, "open", press)
    done = program("version", "build", dataset)
    assert (done.code, done.out) == (130, "")
    assert "again" in done.err


@pytest.mark.parametrize(
    "command", [("index",), ("rank",), ("version", "build"), ("version", "rounds"), ("history", "list")]
)
def test_a_folder_that_is_no_dataset_is_called_so_by_every_command(program, tmp_path, command):
    done = program(*command, tmp_path)
    assert done.code == 20
    assert "sub-" in done.err
