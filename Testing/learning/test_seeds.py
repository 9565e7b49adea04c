"""Lists of earlier projects: every usable entry comes in, every known trap is told by name."""

import json

import numpy as np
import pytest
from bids_world import tree_state

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.errors import (
    CorruptFileError,
    DatasetError,
    MissingFileError,
    UnsupportedFileError,
    UsageError,
    WriteError,
)
from SpineGTRefineLib.imaging import Geometry, Image, read_image, write_image
from SpineGTRefineLib.learning.seeds import adopt_pairs, matched, read_seed_list, without_leaks
from SpineGTRefineLib.learning.seeds import pairs as pairs_module
from SpineGTRefineLib.learning.versions import NO_FOLD, BuildSettings, Place, Rules, build_version

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


@pytest.fixture
def pairs(tmp_path):
    """Three good pairs in the lumbosacral project's folders, and one of each kind that is not."""
    grid = Geometry((6, 7, 8), np.diag([1, 1, 2, 1.0]))
    other = Geometry((6, 7, 8), np.diag([1, 1, 3, 1.0]))
    folder = tmp_path / "data_mask"
    draw = np.random.default_rng(0)

    def add(stem, grid_of_mask=grid, top=1, masked=True):
        path = folder / "nii" / f"{stem}.nii"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, Image(draw.integers(0, 99, grid.shape, np.int16), grid))
        if masked:
            path = folder / "mask" / f"{stem}_seg.nii"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, Image(draw.integers(0, top + 1, grid.shape, np.uint8), grid_of_mask))

    for stem in ("Sub1_t2", "Sub2_t2", "Sub2_t2s"):
        add(stem)
    add("Sub3_t2", top=3)
    add("Sub4_t2", masked=False)
    add("Sub5_t2", grid_of_mask=other)
    add("Sub6_dwi")
    add("Sub7_t2_again")
    (folder / "nii" / "Sub1_t2.nii").rename(folder / "nii" / "sub1_T2.nii")
    (folder / "mask" / "Sub1_t2_seg.nii").rename(folder / "mask" / "sub1_T2_seg.nii")
    return folder


def test_folders_of_images_and_masks_become_a_dataset(pairs, tmp_path):
    before = tree_state(pairs)
    keys, defects = adopt_pairs(pairs, tmp_path / "dataset", mask_type("cord"))
    assert sorted(keys) == ["sub-1_T2w", "sub-2_T2starw", "sub-2_T2w", "sub-3_T2w"]
    assert sorted((defect.rule, defect.where) for defect in defects) == [
        ("bad-name", "Sub6_dwi"), ("bad-name", "Sub7_t2_again"), ("no-mask", "Sub4_t2"), ("not-binary", "sub-3_T2w"),
        ("unusable", "sub-5_T2w"),
    ]  # fmt: skip
    assert tree_state(pairs) == before
    dataset = Dataset.open(tmp_path / "dataset")
    cases = [case for case in dataset.cases() if case.key in keys]
    for case in cases:
        mask = load_mask(dataset, case, mask_type("cord"))
        assert mask.geometry.matches(read_image(case.image).geometry)
        assert mask.values() == (1,)
    copied = tmp_path / "dataset/sub-2/anat/sub-2_T2starw.nii"
    assert copied.read_bytes() == (pairs / "nii/Sub2_t2s.nii").read_bytes()
    version = build_version(dataset, mask_type("cord"), BuildSettings(rules=Rules(statuses=("todo",))))
    assert len(version.rows) == 4


def test_adopting_never_overwrites_and_leaves_nothing_half_done(pairs, tmp_path, monkeypatch):
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        adopt_pairs(pairs, tmp_path / "taken", mask_type("cord"))

    def full(path, *_):
        raise WriteError(f"{path} could not be written: No space left on device.")

    monkeypatch.setattr(pairs_module, "write_labels", full)
    with pytest.raises(WriteError):
        adopt_pairs(pairs, tmp_path / "dataset", mask_type("cord"))
    assert not (tmp_path / "dataset").exists()
    monkeypatch.undo()
    adopt_pairs(pairs, tmp_path / "dataset", mask_type("cord"))
    assert not list(tmp_path.glob(".*"))
    with pytest.raises(MissingFileError):
        adopt_pairs(tmp_path, tmp_path / "x", mask_type("cord"))
