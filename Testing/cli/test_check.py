"""``check``: what is suspicious, where, and what the exit code says."""

import csv
import json

import numpy as np
import pytest

from SpineGTRefineLib.imaging import write_labels


@pytest.fixture
def two_pieces(phantom, tmp_path):
    """A mask whose L3 lies in two pieces."""
    array = phantom.spine.array.copy()
    values = phantom.spine.scheme
    corner = np.argwhere(array == 0)[0]
    array[tuple(corner)] = values.value_of("vertebra_L3")
    array[array == values.value_of("vertebra_L1")] = values.value_of("vertebra_L3")
    path = tmp_path / "mask.nii.gz"
    write_labels(path, phantom.spine.with_array(array))
    return path


@pytest.fixture
def good(phantom, tmp_path):
    path = tmp_path / "good.nii.gz"
    write_labels(path, phantom.spine)
    return path


def test_a_good_mask_has_no_error(program, good):
    outcome = program("check", good, "--json", "--fail-on", "error")
    assert outcome.code == 0, outcome.out
    assert outcome.json["counts"]["error"] == 0


def test_a_problem_tells_level_slice_position_and_remedy(program, two_pieces):
    problems = program("check", two_pieces, "--json").json["cases"][0]["problems"]
    about = [problem for problem in problems if problem["structure"] == "vertebra_L3"]
    assert about
    assert all(problem["message"] and problem["remedy"] and problem["severity"] for problem in about)
    assert any(problem["slice"] and len(problem["position"]) == 3 for problem in about)


def test_people_get_a_table(program, two_pieces):
    outcome = program("check", two_pieces)
    assert "What is suspicious" in outcome.out
    assert "mask.nii.gz" in outcome.out
    assert "vertebra_" not in outcome.out, "keys are for programs"


def test_finding_something_is_no_failure_unless_asked_for(program, two_pieces):
    assert program("check", two_pieces).code == 0
    outcome = program("check", two_pieces, "--fail-on", "warning")
    assert outcome.code == 1
    assert "--fail-on" in outcome.error_lines[-1]


def test_with_json_and_fail_on_there_is_still_one_document(program, two_pieces):
    outcome = program("check", two_pieces, "--fail-on", "warning", "--json")
    assert outcome.code == 1
    assert outcome.json["cases"][0]["problems"]


def test_the_policy_is_written_in_the_help(program):
    assert "Exit code 0" in program("check", "--help").out


def test_a_dataset_is_checked_case_by_case(program, dataset):
    outcome = program("check", dataset, "--json")
    assert outcome.code == 0, outcome.err
    assert [case["case"] for case in outcome.json["cases"]] == ["sub-01_T2w", "sub-02_T2w"]


def test_the_refined_mask_counts_where_there_is_one(program, dataset, save):
    save("sub-01_T2w", without="vertebra_L3")
    first, second = program("check", dataset, "--json").json["cases"]
    assert json.dumps(first["problems"]) != json.dumps(second["problems"])


def test_a_damaged_mask_is_named_and_the_others_are_checked(program, dataset):
    mask = dataset / "derivatives/labels/sub-01/anat/sub-01_T2w_label-spine_dseg.nii.gz"
    mask.write_bytes(mask.read_bytes()[:500])
    outcome = program("check", dataset, "--json")
    assert outcome.code == 3
    assert [case["case"] for case in outcome.json["cases"]] == ["sub-02_T2w"]
    (failure,) = outcome.json["failures"]
    assert (failure["case"], failure["class"]) == ("sub-01_T2w", "CorruptFileError")
    for_people = program("check", dataset)
    assert "sub-01_T2w" in for_people.out
    assert "1 of 2 cases failed: sub-01_T2w" in for_people.error_lines[0]


def test_nothing_is_written(program, dataset, state):
    before = state(dataset)
    program("check", dataset)
    assert state(dataset) == before


def test_the_list_can_be_saved_for_a_spreadsheet(program, two_pieces, tmp_path):
    program("check", two_pieces, "--tsv", tmp_path / "problems.tsv")
    with (tmp_path / "problems.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert {"vertebra_L3"} <= {row["structure"] for row in rows}
    assert all(row["message"] for row in rows)


def test_a_hostile_file_name_starts_no_formula(program, two_pieces, tmp_path, monkeypatch):
    two_pieces.rename(tmp_path / "=1+1.nii.gz")
    monkeypatch.chdir(tmp_path)
    program("check", "=1+1.nii.gz", "--tsv", tmp_path / "problems.tsv")
    assert "\n'=1+1.nii.gz\t" in (tmp_path / "problems.tsv").read_text(encoding="utf-8")


def test_a_missing_file(program, tmp_path):
    outcome = program("check", tmp_path / "none.nii.gz")
    assert outcome.code == 15
    assert len(outcome.error_lines) == 2


def test_a_damaged_file(program, good):
    good.write_bytes(good.read_bytes()[:200])
    assert program("check", good).code == 11


def test_an_unknown_scheme(program, good):
    assert program("check", good, "--scheme", "no-such-scheme").code == 2


def test_a_canal_that_is_missing(program, good, tmp_path):
    assert program("check", good, "--canal", tmp_path / "none.nii.gz").code == 15


def test_a_folder_without_masks_is_an_error_with_a_remedy(program, dataset):
    for mask in (dataset / "derivatives").rglob("*.nii.gz"):
        mask.unlink()
    outcome = program("check", dataset)
    assert outcome.code == 20
    assert "refine spine" in outcome.error_lines[-1]


def test_an_empty_folder(program, tmp_path):
    assert program("check", tmp_path).code == 20
