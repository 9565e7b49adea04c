"""What the README shows works as it stands there."""

import re
import shlex
import subprocess
import sys

import pytest
from commands import command_of, unknown_options

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(repository, language):
    text = (repository / "README.md").read_text(encoding="utf-8")
    found = [code for kind, code in FENCE.findall(text) if kind == language]
    assert found, f"README shows no {language}"
    return found


def shown_commands(repository):
    """The words of every command of ours in the README, without comments."""
    lines = [line for code in blocks(repository, "bash") for line in code.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("spine-gt-refine ")]


@pytest.mark.slow
def test_the_python_snippets_that_need_no_slicer_run_after_the_demo(repository, program, tmp_path):
    assert program("demo", tmp_path / "spine-gt-refine-demo", "--json").code == 0
    snippets = [code for code in blocks(repository, "python") if "SpineGTRefineLogic" not in code]
    assert snippets
    for code in snippets:
        ended = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={"PYTHONPATH": str(repository), "HOME": str(tmp_path), "SYSTEMROOT": ""},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stderr
        assert "sub-01_T2w" in ended.stdout or "print(" not in code
    assert (tmp_path / "cleaned.nii.gz").is_file()


def test_the_snippet_for_slicer_calls_methods_that_exist(repository):
    (code,) = (code for code in blocks(repository, "python") if "SpineGTRefineLogic" in code)
    module = (repository / "SpineGTRefine" / "SpineGTRefine.py").read_text(encoding="utf-8")
    called = set(re.findall(r"logic\.(\w+)\(", code))
    assert called
    assert called <= set(re.findall(r"def (\w+)\(", module))


def test_every_command_that_is_shown_exists_with_its_options(repository):
    commands = shown_commands(repository)
    assert len(commands) > 5
    for _, *words in commands:
        command, rest = command_of(words)
        assert len(rest) < len(words), words
        assert not hasattr(command, "commands"), f"{words} names only a group"
        assert not unknown_options(words)
