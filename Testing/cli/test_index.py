"""``index``: every image with its masks and its status, and what is odd about the dataset."""

import csv


def test_every_case_with_its_masks(program, dataset):
    outcome = program("index", dataset, "--json")
    assert outcome.code == 0
    cases = {case["case"]: case for case in outcome.json["cases"]}
    assert list(cases) == ["sub-01_T2w", "sub-02_T2w"]
    assert cases["sub-01_T2w"]["image"] == "sub-01/anat/sub-01_T2w.nii.gz"
    assert [(mask["mask"], mask["pipeline"]) for mask in cases["sub-01_T2w"]["masks"]] == [("spine", "labels")]


def test_the_status_of_a_saved_mask(program, dataset, save):
    save("sub-02_T2w", without="vertebra_L3")
    cases = {case["case"]: case["status"] for case in program("index", dataset, "--json").json["cases"]}
    assert cases == {"sub-01_T2w": {}, "sub-02_T2w": {"spine": "corrected"}}


def test_people_get_a_table(program, dataset):
    outcome = program("index", dataset)
    assert "sub-01_T2w" in outcome.out
    assert "spine (labels)" in outcome.out


def test_nothing_is_written(program, dataset, state):
    before = state(dataset)
    program("index", dataset)
    assert state(dataset) == before


def test_the_table_can_be_saved(program, dataset, tmp_path):
    assert program("index", dataset, "--tsv", tmp_path / "cases.tsv").code == 0
    with (tmp_path / "cases.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert [row["case"] for row in rows] == ["sub-01_T2w", "sub-02_T2w"]
    assert rows[0]["session"] == rows[0]["status"] == "n/a"


def test_an_image_that_was_not_fetched_is_marked(program, dataset):
    image = dataset / "sub-01" / "anat" / "sub-01_T2w.nii.gz"
    image.unlink()
    image.symlink_to("../../.git/annex/objects/xx/MD5E-s1--abc.nii.gz/MD5E-s1--abc.nii.gz")
    fetched = {case["case"]: case["fetched"] for case in program("index", dataset, "--json").json["cases"]}
    assert fetched == {"sub-01_T2w": False, "sub-02_T2w": True}


def test_what_is_odd_is_said(program, dataset):
    (dataset / "sub-01" / "anat" / "sub-99_T2w.nii.gz").write_bytes(b"")
    outcome = program("index", dataset, "--json")
    assert outcome.code == 0
    assert any("sub-99" in note["message"] for note in outcome.json["notes"])


def test_a_missing_folder(program, tmp_path):
    outcome = program("index", tmp_path / "none")
    assert outcome.code != 0
    assert len(outcome.error_lines) == 2


def test_a_folder_without_images(program, tmp_path):
    outcome = program("index", tmp_path)
    assert outcome.code == 20
    assert len(outcome.error_lines) == 2


def test_a_dataset_without_images(program, dataset):
    for image in dataset.glob("sub-*/anat/*.nii.gz"):
        image.unlink()
    outcome = program("index", dataset)
    assert outcome.code == 20
    assert "sub-01" in outcome.error_lines[-1]
