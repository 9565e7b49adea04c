"""A table opened in a spreadsheet program shows what it holds, and runs nothing."""

import csv

import pytest

from SpineGTRefineLib.cli.spreadsheet import write_tsv


def read(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter="\t"))


@pytest.mark.parametrize("hostile", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1"])
def test_no_text_starts_a_formula(tmp_path, hostile):
    write_tsv(tmp_path / "t.tsv", ("case",), [(hostile,)])
    (cell,) = read(tmp_path / "t.tsv")[1]
    assert cell == f"'{hostile.strip()}"


def test_the_header_line_starts_no_formula_either(tmp_path):
    write_tsv(tmp_path / "t.tsv", ("=1+1",), [])
    assert read(tmp_path / "t.tsv") == [["'=1+1"]]


def test_numbers_stay_numbers_and_nothing_is_not_available(tmp_path):
    write_tsv(tmp_path / "t.tsv", ("x", "n", "case"), [(-1.5, 3, None), (0.0, -2, "sub-01")])
    assert read(tmp_path / "t.tsv") == [["x", "n", "case"], ["-1.5", "3", "n/a"], ["0.0", "-2", "sub-01"]]


def test_text_with_tabs_and_line_ends_stays_one_cell(tmp_path):
    write_tsv(tmp_path / "t.tsv", ("case", "message"), [("sub-01", "one\ttwo\nthree")])
    assert read(tmp_path / "t.tsv")[1] == ["sub-01", "one two three"]
