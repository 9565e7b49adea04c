"""``version``: from a dataset to nnU-Net and back, on the command line."""

import pytest

from SpineGTRefineLib.imaging import Image, read_image, write_image


@pytest.fixture
def dataset(dataset):
    """Two subjects; their images differ."""
    path = dataset / "sub-02/anat/sub-02_T2w.nii.gz"
    image = read_image(path)
    write_image(path, Image(image.array + 1, image.geometry))
    return dataset


def test_a_version_is_built_shown_compared_and_exported(program, dataset, save, tmp_path):
    save("sub-01_T2w", without="vertebra_L3")
    built = program("version", "build", dataset, "--status", "corrected", "--status", "todo", "--test", "0", "--json")
    assert built.code == 0, built.err
    assert built.json["name"] == "D1"
    assert [row["status"] for row in built.json["cases"]] == ["corrected", "todo"]
    assert "D1" in program("version", "show", dataset).out
    checked = program("version", "show", dataset, "D1", "--check")
    assert "All images and masks are what they were" in checked.out

    program("version", "build", dataset, "--test", "0")
    compared = program("version", "diff", dataset, "D1", "D2", "--json").json
    assert [(row["case"], row["what"]) for row in compared["changes"]] == [
        ("sub-01_T2w", "fold"),
        ("sub-02_T2w", "removed"),
    ]

    exported = program("version", "export", dataset, "D1", tmp_path / "raw", "--number", "12", "--json")
    assert exported.code == 0, exported.err
    assert exported.json["folder"].endswith("Dataset012_spineD1")
    back = program("version", "import", dataset, exported.json["folder"], tmp_path / "raw/Dataset012_spineD1/labelsTr")
    assert back.code == 0, back.err
    assert "sub-02_T2w" in back.out


def test_an_unchanged_word_for_a_version_that_is_not_there(program, dataset):
    outcome = program("version", "show", dataset, "D7")
    assert outcome.code == 15
    assert "version build" in outcome.err


def test_cases_left_out_are_shown_with_the_reason(program, dataset, save):
    save("sub-01_T2w", without="vertebra_L3")
    outcome = program("version", "build", dataset)
    assert outcome.code == 0, outcome.err
    assert "status todo" in outcome.out


def test_a_changed_mask_fails_the_check(program, dataset, save):
    save("sub-01_T2w", without="vertebra_L3")
    program("version", "build", dataset)
    save("sub-01_T2w", without="vertebra_L4")
    outcome = program("version", "show", dataset, "D1", "--check")
    assert outcome.code == 32
    assert "no longer what it was" in outcome.err


def test_an_older_projects_list_is_taken_over_with_what_is_wrong_about_it(program, dataset, tmp_path):
    table = tmp_path / "D2.tsv"
    table.write_text("file_name\tfolder\nsub-01_T2w.nii.gz\ttrain\nsub-02_T2w.nii.gz\ttest\nsub-09_T2w.nii.gz\ttest\n")
    outcome = program("version", "build", dataset, "--status", "todo", "--from-list", table, "--json")
    assert outcome.code == 0, outcome.err
    assert [row["split"] for row in outcome.json["cases"]] == ["train", "test"]
    assert outcome.json["notes"] == ["D2.tsv: sub-09_T2w: is listed, but the dataset has no such image"]
    refused = program("version", "build", dataset, "--from-list", table, "--after", "D1")
    assert refused.code == 2
    assert "--from-list" in program("version", "build", dataset, "--repair-leaks").error_lines[-1]
