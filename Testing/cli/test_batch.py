"""A batch: one case that fails is named with its reason, and the others finish."""

import json

import pytest

from SpineGTRefineLib.cli.batch import Outcome, each_case
from SpineGTRefineLib.cli.terminal import Terminal
from SpineGTRefineLib.errors import CorruptFileError, PartialFailureError


def work(number):
    if number == 2:
        raise CorruptFileError("The file is cut short.", "Copy it again.")
    if number == 4:
        raise ZeroDivisionError("oops")
    return number * 10


def batch_of(count, terminal=None):
    return each_case(terminal or Terminal(), "Working", [(f"case-{n}", n) for n in range(count)], work)


def test_the_others_finish():
    outcome = batch_of(6)
    assert outcome.results == [("case-0", 0), ("case-1", 10), ("case-3", 30), ("case-5", 50)]
    assert [name for name, _ in outcome.failures] == ["case-2", "case-4"]


def test_the_summary_names_each_failing_case_and_why(capsys):
    terminal = Terminal()
    batch_of(6, terminal).show_failures(terminal)
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("case-2", "cut short", "Copy it again", "case-4", "ZeroDivisionError"))


def test_the_command_ends_with_the_code_of_a_partial_failure():
    with pytest.raises(PartialFailureError, match="2 of 6 cases failed: case-2, case-4") as failed:
        batch_of(6).raise_if_any_failed()
    assert failed.value.exit_code == 3


def test_many_failures_are_counted_not_all_named():
    failures = [(f"case-{n}", CorruptFileError("x")) for n in range(10)]
    with pytest.raises(PartialFailureError, match=r"10 of 10 cases failed: case-0, case-1, case-2 and 7 more\."):
        Outcome([], failures).raise_if_any_failed()


def test_a_batch_without_failure_ends_well():
    batch_of(2).raise_if_any_failed()


def test_failures_as_json_hold_class_cause_remedy_and_code():
    (first, second) = json.loads(json.dumps(batch_of(6).failures_as_json()))
    assert first == {
        "case": "case-2",
        "class": "CorruptFileError",
        "cause": "The file is cut short.",
        "remedy": "Copy it again.",
        "exit_code": 11,
    }
    assert second["exit_code"] == 70


def test_without_a_terminal_there_is_no_progress_bar(capsys):
    batch_of(2)
    assert capsys.readouterr() == ("", "")
