"""Dataset versions: what is in them is what was promised, nothing leaks, and what changes under them is noticed."""

import errno
import json
import shutil

import pytest
from bids_world import tree_state

from SpineGTRefineLib import fileops
from SpineGTRefineLib.bids.events import Event, record
from SpineGTRefineLib.errors import (
    CancelledError,
    ChangedOnDiskError,
    CorruptFileError,
    DatasetError,
    MissingFileError,
    UsageError,
    WriteError,
)
from SpineGTRefineLib.imaging import Image, read_image, write_image
from SpineGTRefineLib.learning.versions import (
    BuildSettings,
    Place,
    Rules,
    SplitSettings,
    Version,
    build_version,
    difference,
    seen_by,
    version_names,
    versions_folder,
)
from SpineGTRefineLib.learning.versions import writing as version_module
from SpineGTRefineLib.learning.versions.splits import split_subjects

LEAVE_OUT = BuildSettings(bad="leave-out")


def build(world, settings=None, **options):
    return build_version(world.dataset, world.kind, settings, **options)


def keys(rows):
    return [row.case for row in rows]


def test_a_version_is_read_back_as_it_was_built(world):
    built = build(world)
    read = Version.open(versions_folder(world.dataset.output) / "D1")
    assert read.rows == built.rows
    assert (read.name, read.sha256, read.mask_type) == ("D1", built.sha256, world.kind)
    assert (read.root, read.output) == (world.dataset.root, world.dataset.output)
    read.verify()


def test_the_input_dataset_is_not_written(world):
    before = tree_state(world.root)
    build(world)
    assert tree_state(world.root) == before


def test_a_version_moves_with_its_dataset(world, tmp_path):
    build(world)
    shutil.move(world.root, tmp_path / "elsewhere")
    folder = tmp_path / "elsewhere" / "derivatives" / "spine-gt-refine"
    Version.open(versions_folder(folder) / "D1").verify()


def test_a_fifth_of_the_subjects_tests_and_five_folds_share_the_others(world):
    version = build(world)
    assert (len(version.cases("train")), len(version.cases("test"))) == (8, 2)
    assert version.folds == (0, 1, 2, 3, 4)
    validated = [row.case for number in version.folds for row in version.fold(number)[1]]
    assert sorted(validated) == sorted(keys(version.cases("train")))
    for number in version.folds:
        train, validation = version.fold(number)
        assert not {row.subject for row in train} & {row.subject for row in validation}


def test_the_seed_alone_decides_the_split(world):
    def places(seed, name):
        version = build(world, BuildSettings(split=SplitSettings(seed=seed)), name=name)
        return [(row.case, row.split, row.fold) for row in version.rows]

    assert places(7, "a") == places(7, "b")
    assert places(7, "c") != places(8, "d")


def test_all_sessions_and_contrasts_of_a_subject_stay_together(world):
    for number in range(1, 11):
        world.add_image(f"sub-{number:02d}/ses-2/anat/sub-{number:02d}_ses-2_T1w.nii.gz", 100 + number)
    world.save_all()
    version = build(world)
    assert len(version.rows) == 20
    for subject in {row.subject for row in version.rows}:
        assert len({(row.split, row.fold) for row in version.rows if row.subject == subject}) == 1


def test_cases_stay_out_for_their_status_and_their_grade_with_the_reason(world):
    world.save("sub-01_T2w", 50, grade=5)
    world.save("sub-02_T2w", 51, status="flagged", reason="motion")
    record(world.dataset.output, Event("sub-03_T2w", "canal", "excluded", "ab", "metal"))
    world.add_image("sub-11/anat/sub-11_T2w.nii.gz", 11)
    version = build(world, BuildSettings(rules=Rules(worst_grade=4)))
    assert {entry.case: entry.reason for entry in version.left_out} == {
        "sub-01_T2w": "grade 5, allowed is 4",
        "sub-02_T2w": "status flagged: motion",
        "sub-03_T2w": "status excluded: metal",
        "sub-11_T2w": "status todo",
    }
    assert Version.open(version.folder).left_out == version.left_out


def test_a_mask_that_changed_since_its_status_was_given_is_refused_or_left_out(world):
    path = world.save("sub-04_T2w", 60).path
    shutil.copyfile(world.save("sub-05_T2w", 61).path, path)
    with pytest.raises(DatasetError, match=r"sub-04_T2w: the mask is not the one whose status is corrected"):
        build(world)
    assert [entry.case for entry in build(world, LEAVE_OUT).left_out] == ["sub-04_T2w"]


def test_the_next_version_keeps_the_test_set_and_the_folds(world):
    first = build(world)
    for number in range(11, 31):
        world.add_image(f"sub-{number}/anat/sub-{number}_T2w.nii.gz", number)
        world.save(f"sub-{number}_T2w", number)
    tested = first.cases("test")[0]
    late = f"sub-{tested.subject}_ses-2_T2w"
    world.add_image(f"sub-{tested.subject}/ses-2/anat/{late}.nii.gz", 99)
    world.save(late, 99)
    second = build(world, BuildSettings(split=SplitSettings(seed=5)), parent=first)
    assert second.name == "D2"
    assert keys(second.cases("test")) == keys(first.cases("test"))
    assert second.test_sha256 == first.test_sha256
    assert not second.manifest["Notes"]
    old = {row.case: row.fold for row in first.rows}
    assert {row.case: row.fold for row in second.rows if row.case in old} == old
    sizes = [len(second.fold(number)[1]) for number in second.folds]
    assert max(sizes) - min(sizes) <= 1
    assert {entry.case: entry.reason for entry in second.left_out} == {
        late: "its subject is in the frozen test set of D1"
    }


def test_a_test_mask_that_was_corrected_is_told_since_scores_do_not_compare(world):
    first = build(world)
    case = first.cases("test")[0].case
    world.save(case, 77)
    second = build(world, parent=first)
    assert second.manifest["Notes"] == [f"the mask of test case {case} changed: scores do not compare with those on D1"]
    change = difference(first, second)
    assert not change.same_test_set
    assert [(entry.case, entry.what) for entry in change.changes] == [(case, "mask")]


def test_two_names_for_one_image_are_refused_whatever_header_and_number_type(world):
    image = read_image(world.root / "sub-02/anat/sub-02_T2w.nii.gz")
    twin = world.root / "sub-12/anat/sub-12_T2w.nii.gz"
    twin.parent.mkdir(parents=True)
    write_image(twin, Image(image.array.astype("float32"), image.geometry))
    world.save("sub-12_T2w", 12)
    with pytest.raises(DatasetError, match="sub-12_T2w: holds the same image as sub-02_T2w"):
        build(world)
    assert not version_names(versions_folder(world.dataset.output))


def test_a_copy_of_a_test_image_never_gets_into_training(world):
    first = build(world)
    tested = first.cases("test")[0]
    twin = world.root / "sub-00/anat/sub-00_T2w.nii.gz"  # sorts before the test case
    twin.parent.mkdir(parents=True)
    shutil.copyfile(first.path_of(tested.image), twin)
    world.save("sub-00_T2w", 12)
    second = build(world, LEAVE_OUT, parent=first)
    assert keys(second.cases("test")) == keys(first.cases("test"))
    assert {entry.case: entry.reason for entry in second.left_out} == {
        "sub-00_T2w": f"holds the same image as {tested.case}"
    }


def test_a_list_that_puts_two_sessions_of_a_subject_on_both_sides_is_refused(world):
    world.add_image("sub-07/ses-2/anat/sub-07_ses-2_T2w.nii.gz", 70)
    world.save("sub-07_ses-2_T2w", 70)
    assigned = {"sub-07_T2w": Place("test"), "sub-07_ses-2_T2w": Place("train"), "sub-08_T2w": Place("train")}
    with pytest.raises(DatasetError, match="Subject 07 is on both sides of a split"):
        build(world, BuildSettings(assigned=assigned))
    assert not version_names(versions_folder(world.dataset.output))


@pytest.mark.parametrize("damage", ["mask", "image"])
def test_a_damaged_file_is_named_and_nothing_is_built(world, damage):
    mask = world.save("sub-06_T2w", 6).path
    path = mask if damage == "mask" else world.root / "sub-06/anat/sub-06_T2w.nii.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DatasetError, match="sub-06_T2w"):
        build(world)
    assert not version_names(versions_folder(world.dataset.output))
    version = build(world, LEAVE_OUT)
    assert len(version.rows) == 9
    assert str(path) in version.left_out[0].reason


def test_a_label_outside_the_scheme_is_named(world):
    folder = world.root / "derivatives/labels/sub-11/anat"
    folder.mkdir(parents=True)
    image = read_image(world.add_image("sub-11/anat/sub-11_T2w.nii.gz", 11))
    write_image(folder / "sub-11_T2w_label-canal_seg.nii.gz", Image(image.array % 3, image.geometry))
    with pytest.raises(DatasetError, match=r"the values \[2\] are not part of the label scheme 'canal'"):
        build(world, BuildSettings(rules=Rules(statuses=("corrected", "todo"))))


def test_a_build_that_was_stopped_goes_on_where_it_was(world, monkeypatch):
    seen = []
    with pytest.raises(CancelledError):
        build(world, progress=lambda done, total, case: seen.append(case), cancel=lambda: len(seen) == 4)
    assert not version_names(versions_folder(world.dataset.output))
    from SpineGTRefineLib.learning.versions import fingerprints

    read = []
    whole = fingerprints.fingerprint
    monkeypatch.setattr(fingerprints, "fingerprint", lambda *files: read.append(files[0].name) or whole(*files))
    version = build(world)
    assert len(read) == 6
    assert len(version.rows) == 10
    assert [path.name for path in version.folder.parent.iterdir()] == ["D1"]


def test_a_file_that_changed_between_two_tries_is_read_again(world):
    seen = []
    with pytest.raises(CancelledError):
        build(world, progress=lambda done, total, case: seen.append(case), cancel=lambda: len(seen) == 4)
    saved = world.save("sub-01_T2w", 88)
    row = next(row for row in build(world).rows if row.case == "sub-01_T2w")
    assert row.mask_sha256 == saved.sha256


def test_a_full_disk_leaves_nothing_half_built(world, monkeypatch):
    def full(path, data):
        if path.name == "manifest.json":
            raise WriteError(f"{path} could not be written: {errno.ENOSPC}")
        fileops.write_text_atomic(path, data)

    monkeypatch.setattr(version_module, "write_text_atomic", full)
    with pytest.raises(WriteError):
        build(world)
    assert not version_names(versions_folder(world.dataset.output))
    monkeypatch.undo()
    assert len(build(world).rows) == 10


@pytest.mark.parametrize("what", ["changed", "missing"])
def test_a_mask_that_changes_under_a_version_is_noticed(world, what):
    version = build(world)
    row = version.rows[3]
    path = version.path_of(row.mask)
    if what == "changed":
        world.save(row.case, 44)
    else:
        path.unlink()
    assert [(change.case, change.what) for change in version.changes()] == [(row.case, what)]
    with pytest.raises(ChangedOnDiskError, match=f"D1 is no longer what it was: {path.name} is {what}"):
        version.verify()


def test_a_version_is_never_replaced_and_its_tables_never_edited(world):
    version = build(world)
    with pytest.raises(UsageError, match="already"):
        build(world, name="D1")
    table = version.folder / "cases.tsv"
    table.write_text(table.read_text().replace("\ttest\t", "\ttrain\t"))
    with pytest.raises(CorruptFileError, match=r"cases\.tsv was changed by hand"):
        Version.open(version.folder)


def test_who_was_trained_on_in_one_version_and_tests_in_another_is_named(world):
    world.save_all()
    first = build(world)
    assert seen_by(first, build(world, parent=first)) == ()
    other = build(world, BuildSettings(split=SplitSettings(seed=3)), name="other")
    tested = {row.subject for row in other.cases("test")}
    assert seen_by(first, other) == tuple(sorted(tested - {row.subject for row in first.cases("test")})) != ()


def test_a_difference_tells_what_came_went_and_moved(world):
    first = build(world)
    record(world.dataset.output, Event(first.cases("train")[0].case, "canal", "excluded", "ab", "metal"))
    world.add_image("sub-12/anat/sub-12_T2w.nii.gz", 12)
    world.save("sub-12_T2w", 12)
    change = difference(first, build(world, parent=first))
    assert [(entry.case, entry.after) for entry in change.of("removed")] == [
        (first.cases("train")[0].case, "status excluded: metal")
    ]
    assert [(entry.case, entry.after) for entry in change.of("added")] == [("sub-12_T2w", "train")]
    assert change.same_test_set


def test_what_a_rater_vouches_for_travels_with_the_case(world):
    marks = {"Slices": [{"Axis": 2, "Indices": [1, 2]}]}
    world.save("sub-01_T2w", 5, status="flagged", reason="only two slices", verified=marks)
    version = build(world, BuildSettings(rules=Rules(statuses=("corrected", "flagged"))))
    assert Version.open(version.folder).rows[0].verified == marks


def test_a_subject_draws_the_same_lot_whoever_else_is_there():
    settings = SplitSettings(test_fraction=0, folds=1, seed=3)
    assert set(split_subjects(["a", "b"], settings)) == {"a", "b"}
    many = split_subjects([f"{n:03d}" for n in range(200)], SplitSettings(test_fraction=0.2, seed=3))
    assert sum(place.split == "test" for place in many.values()) == 40


@pytest.mark.parametrize(
    ("settings", "message"), [({"test_fraction": 1.0}, "part for tests"), ({"folds": 0}, "At least one fold")]
)
def test_impossible_splits_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        SplitSettings(**settings)


def test_nothing_to_train_on_says_why(world):
    with pytest.raises(DatasetError, match="No case is left") as caught:
        build(world, BuildSettings(rules=Rules(contrasts=("T1w",))))
    assert "contrast T2w" in caught.value.remedy


def test_no_version_no_split_no_fold(world, tmp_path):
    with pytest.raises(MissingFileError):
        Version.open(tmp_path)
    version = build(world)
    with pytest.raises(UsageError):
        version.cases("validation")
    with pytest.raises(UsageError):
        version.fold(9)
    with pytest.raises(UsageError):
        build(world, name="../D3")


def test_the_manifest_is_plain_json_without_paths_of_this_machine(world):
    text = (build(world).folder / "manifest.json").read_text()
    assert json.loads(text)["Dataset"] == "../../../../.."
    assert str(world.root) not in text


def test_versions_can_be_kept_in_a_folder_of_ones_own(world, tmp_path):
    folder = tmp_path / "versions"
    build(world, folder=folder)
    read = Version.open(folder / "D1")
    assert (read.root, read.output) == (world.dataset.root, world.dataset.output)
    read.verify()
    assert not versions_folder(world.dataset.output).exists()
