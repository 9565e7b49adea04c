"""``history``: every replaced mask is listed and can come back."""

import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import read_labels


@pytest.fixture
def replaced(dataset, save):
    """A mask saved with L3, and then saved without it; returns the file and the hash of the first one."""
    path = save("sub-01_T2w", without="vertebra_L2")
    first = sha256_of_file(path)
    assert save("sub-01_T2w", without="vertebra_L3", rater="cd") == path
    return path, first


def test_a_replaced_mask_is_listed(program, dataset, replaced):
    _, first = replaced
    (version,) = program("history", "list", dataset, "--json").json["versions"]
    assert (version["case"], version["mask_type"], version["sha256"]) == ("sub-01_T2w", "spine", first)
    assert first[:12] in program("history", "list", dataset, "sub-01_T2w").out


def test_a_replaced_mask_comes_back(program, dataset, replaced):
    path, first = replaced
    outcome = program("history", "restore", dataset, "sub-01_T2w", first[:12], "--rater", "ef", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["restored"] == first
    assert sha256_of_file(path) == first
    assert scheme("spine").value_of("vertebra_L3") in read_labels(path, scheme("spine")).values()


def test_restoring_can_be_undone(program, dataset, replaced):
    path, first = replaced
    second = sha256_of_file(path)
    program("history", "restore", dataset, "sub-01_T2w", first[:12])
    assert program("history", "restore", dataset, "sub-01_T2w", second[:12]).code == 0
    assert sha256_of_file(path) == second


def test_a_dataset_without_history(program, dataset):
    outcome = program("history", "list", dataset, "--json")
    assert (outcome.code, outcome.json) == (0, {"versions": []})
    assert "No mask was replaced" in program("history", "list", dataset).out


@pytest.mark.parametrize("version", ["", "0000", "not-a-hash"])
def test_a_version_that_does_not_exist(program, dataset, replaced, version):
    path, _ = replaced
    before = sha256_of_file(path)
    outcome = program("history", "restore", dataset, "sub-01_T2w", version)
    assert outcome.code == 2
    assert "history" in outcome.error_lines[-1]
    assert sha256_of_file(path) == before


def test_an_unknown_case(program, dataset):
    outcome = program("history", "list", dataset, "sub-77_T2w")
    assert outcome.code == 2
    assert "index" in outcome.error_lines[-1]


def test_an_unknown_kind_of_mask(program, dataset):
    assert program("history", "restore", dataset, "sub-01_T2w", "abc", "--mask", "liver").code == 2


def test_a_missing_folder(program, tmp_path):
    assert program("history", "list", tmp_path / "none").code != 0


def test_a_folder_without_images(program, tmp_path):
    assert program("history", "list", tmp_path).code == 20
