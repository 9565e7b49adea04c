"""``publish``: shows first, writes only with --apply, and only what a person stands for."""

import pytest

from SpineGTRefineLib.fileops import sha256_of_file

TARGET = "derivatives/labels/sub-01/anat/sub-01_T2w_label-spine_dseg.nii.gz"


def test_without_apply_nothing_is_written(program, dataset, save, state):
    save("sub-01_T2w", without="vertebra_L3")
    before = state(dataset)
    outcome = program("publish", dataset, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["applied"] is False
    assert [(item["action"], item["target"]) for item in outcome.json["items"]] == [("replace", TARGET)]
    assert state(dataset) == before


def test_people_are_told_how_to_do_it(program, dataset, save):
    save("sub-01_T2w", without="vertebra_L3")
    outcome = program("publish", dataset)
    assert "nothing was written" in outcome.out
    assert "--apply" in outcome.out


def test_with_apply_the_accepted_mask_arrives_and_the_old_one_is_kept(program, dataset, save):
    path = save("sub-01_T2w", without="vertebra_L3")
    old = sha256_of_file(dataset / TARGET)
    outcome = program("publish", dataset, "--apply", "--rater", "ab", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["applied"] is True
    assert sha256_of_file(dataset / TARGET) == sha256_of_file(path)
    kept = program("history", "list", dataset, "sub-01_T2w", "--json").json["versions"]
    assert old in [version["sha256"] for version in kept]


def test_publishing_twice_changes_nothing_the_second_time(program, dataset, save):
    save("sub-01_T2w", without="vertebra_L3")
    program("publish", dataset, "--apply")
    outcome = program("publish", dataset, "--apply", "--json")
    assert outcome.code == 0
    assert [item["action"] for item in outcome.json["items"]] == ["same"]


def test_a_proposal_that_nobody_accepted_is_not_published(program, dataset, save, state):
    save("sub-01_T2w", status="proposed", without="vertebra_L3", rater="")
    before = state(dataset)
    outcome = program("publish", dataset, "--apply")
    assert outcome.code == 20
    assert "nobody accepted" in outcome.error_lines[0]
    assert state(dataset) == before


def test_nothing_to_publish_is_an_error_with_a_remedy(program, dataset):
    outcome = program("publish", dataset, "--apply")
    assert outcome.code == 20
    assert "refine spine" in outcome.error_lines[-1]


@pytest.mark.parametrize(
    "folder", [".", "sub-01", "derivatives", "../elsewhere", "/tmp", "derivatives/spine-gt-refine"]
)
def test_only_a_folder_for_derivatives_can_be_published_to(program, dataset, save, state, folder):
    save("sub-01_T2w", without="vertebra_L3")
    before = state(dataset)
    assert program("publish", dataset, "--to", folder, "--apply").code == 2
    assert state(dataset) == before


def test_a_missing_folder(program, tmp_path):
    assert program("publish", tmp_path / "none").code != 0
