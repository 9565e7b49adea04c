"""Lists of earlier projects: every usable entry comes in, every known trap is told by name."""

import json

import pytest

from SpineGTRefineLib.errors import CorruptFileError, DatasetError, MissingFileError, UnsupportedFileError
from SpineGTRefineLib.learning.seeds import matched, read_seed_list, without_leaks
from SpineGTRefineLib.learning.versions import NO_FOLD, BuildSettings, Place, build_version

TRAIN, VALIDATION, TEST = Place("train"), Place("train", 0), Place("test")


def mask(subject, folder="labels", contrast="T2w"):
    return f"set/derivatives/{folder}/sub-{subject}/anat/sub-{subject}_{contrast}_label-sacrum_seg.nii.gz"


def write(tmp_path, content, name="list.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def rules(listed):
    return [defect.rule for defect in listed.defects]


def config(**lists):
    empty = {"TRAINING": [], "VALIDATION": [], "TESTING": []}
    return {"TYPE": "LABEL", "CONTRASTS": "t2", "DATASETS_PATH": "data", **empty, **lists}


def test_a_sacrum_configuration_becomes_a_version(world, tmp_path):
    lists = {
        "TRAINING": [mask("01"), mask("02"), mask("03")],
        "VALIDATION": [mask("04")],
        "TESTING": [mask("05"), mask("06")],
    }
    listed = read_seed_list(write(tmp_path, config(**lists)))
    assert (listed.kind, listed.defects) == ("sacrum", ())
    places, defects = matched(listed, world.dataset)
    assert not defects
    version = build_version(world.dataset, world.kind, BuildSettings(assigned=places))
    assert [row.case for row in version.cases("test")] == ["sub-05_T2w", "sub-06_T2w"]
    train, validation = version.fold(0)
    assert [row.case for row in train] == ["sub-01_T2w", "sub-02_T2w", "sub-03_T2w"]
    assert [row.case for row in validation] == ["sub-04_T2w"]
    assert {entry.reason for entry in version.left_out} == {"not in the list"}


def test_the_traps_of_sacrum_configurations_are_told(tmp_path):
    lists = config(
        TYPE="MASK",
        DATASETS_PATH="/home/somebody/data",
        TRAINING=[mask("01"), mask("02"), 7],
        TESTING=[mask("02"), mask("01", "reg-labels")],
    )
    del lists["VALIDATION"]
    found = read_seed_list(write(tmp_path, lists))
    assert sorted(rules(found)) == [
        "bad-type", "before-and-after-registration", "listed-twice", "listed-twice", "no-list", "no-path",
        "private-path",
    ]  # fmt: skip


def test_contrasts_of_one_subject_on_both_sides_are_refused_and_can_be_repaired(world, tmp_path):
    for subject, seed in (("01", 21), ("02", 22)):
        world.add_image(f"sub-{subject}/anat/sub-{subject}_T1w.nii.gz", seed)
        world.save(f"sub-{subject}_T1w", seed)
    lists = config(
        TRAINING=[mask("01"), mask("02"), mask("03")],
        VALIDATION=[mask("02", contrast="T1w")],
        TESTING=[mask("01", contrast="T1w")],
    )
    places, _ = matched(read_seed_list(write(tmp_path, lists)), world.dataset)
    with pytest.raises(DatasetError, match="both sides"):
        build_version(world.dataset, world.kind, BuildSettings(assigned=places))
    repaired, defects = without_leaks(places, world.dataset)
    assert repaired == {
        "sub-01_T1w": TEST,
        "sub-02_T2w": VALIDATION,
        "sub-02_T1w": VALIDATION,
        "sub-03_T2w": TRAIN,
    }
    assert [defect.where for defect in defects] == ["sub-01_T2w", "sub-02_T2w"]
    build_version(world.dataset, world.kind, BuildSettings(assigned=repaired))


def test_the_traps_of_rootlets_tables_are_told_and_the_rows_still_come_in(world, tmp_path):
    table = (
        "file_name\tfolder\tsex\n"
        "sub-01_T2w.nii.gz\ttrain\tF\n"
        '"sub-02_T2w.nii.gz\n"\ttrain\tM\n'
        "sub-03_T2w.nii.gz\ttest\tF\u00a0\n"
        "sub-04_T2w.nii.gz\ttrain\n"
        "sub-05_T2w.nii.gz\tvalidate\tM\n"
        "sub-01_T2w.nii.gz\ttrain\tF\n"
        "\ttrain\tF\n"
        "sub-77_T2w.nii.gz\ttest\tF\n"
    )
    listed = read_seed_list(write(tmp_path, table, "D5.tsv"))
    assert listed.kind == "rootlets"
    assert rules(listed) == [
        "white-space", "white-space", "shifted-columns", "unknown-folder", "no-name", "listed-twice",
    ]  # fmt: skip
    places, defects = matched(listed, world.dataset)
    assert places == {"sub-01_T2w": TRAIN, "sub-02_T2w": TRAIN, "sub-03_T2w": TEST, "sub-04_T2w": TRAIN}
    assert [(defect.rule, defect.where) for defect in defects] == [("no-case", "sub-77_T2w")]


def test_the_first_rootlets_tables_train_on_every_scan(tmp_path):
    listed = read_seed_list(write(tmp_path, "participant_id\tsex\nsub-01_ses-1_T2w.nii.gz\tF\n", "D1.tsv"))
    assert [(case.stem, case.place) for case in listed.cases] == [("sub-01_ses-1_T2w", TRAIN)]


def test_the_traps_of_mouse_dictionaries_are_told(tmp_path):
    def pair(stem, task, folder="imagesTr"):
        return f"/home/me/mouse/sub-1/anat/{stem}.nii.gz", f"/home/me/raw/{folder}/{task}_0000.nii.gz"

    entries = [
        pair("sub-mouse1_chunk-1_T1w", "TASK_001"),
        pair("sub-mouse1_chunk-1-slice-40_T1w", "TASK_0011"),
        pair("sub-mouse2_chunk-1_T1w", "TASK_001"),
        pair("sub-mouse3_chunk-1_T1w", "TASK_003", "imagesTs"),
    ]
    listed = read_seed_list(write(tmp_path, dict(entries), "conversion_dict.json"))
    assert listed.kind == "mouse"
    assert listed.cases[0].stem == "sub-mouse1_chunk-1_T1w"
    assert len(listed.cases) == 3
    assert all(case.place == Place("train", NO_FOLD) for case in listed.cases)
    assert rules(listed) == ["private-path", "one-copy-for-two", "name-in-name", "slices-without-place"]


def test_a_list_that_is_no_json_names_the_line(tmp_path):
    with pytest.raises(CorruptFileError, match="line 3"):
        read_seed_list(write(tmp_path, '{"TRAINING": [\n"a"\n"b"]}'))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UnsupportedFileError):
        read_seed_list(write(tmp_path, [1, 2]))
    with pytest.raises(MissingFileError):
        read_seed_list(tmp_path / "nothing.json")
    assert rules(read_seed_list(write(tmp_path, "age\n3\n", "x.tsv"))) == ["no-name-column"]
