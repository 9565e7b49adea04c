"""Opening a dataset: what is found, what is left out and said, what is never written."""

import os
import sys
from pathlib import Path

import pytest

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.errors import DatasetError, NotFetchedError, UsageError

IMAGES = (
    "sub-01/ses-M0/anat/sub-01_ses-M0_acq-sag_T2w.nii.gz",
    "sub-01/ses-M0/anat/sub-01_ses-M0_acq-ax_T2w.nii.gz",
    "sub-01/ses-M12/anat/sub-01_ses-M12_acq-sag_T2w.nii.gz",
    "sub-02/anat/sub-02_T1w.nii.gz",
    "sub-02/anat/sub-02_run-1_T2w.nii.gz",
    "sub-02/anat/sub-02_run-2_T2w.nii",
)


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def rules(dataset: Dataset) -> set[str]:
    return {note.rule for note in dataset.notes}


@pytest.fixture
def study(tmp_path):
    touch(tmp_path, *IMAGES)
    (tmp_path / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.1"}')
    return tmp_path


def masks(dataset, key):
    return [(mask.mask_type.name, mask.pipeline, mask.path.name) for mask in dataset.case(key).masks]


def test_every_image_is_one_case_with_session_acquisition_run_and_contrast(study):
    dataset = Dataset.open(study)
    assert [case.image.relative_to(study).as_posix() for case in dataset.cases()] == sorted(IMAGES)
    case = dataset.case("sub-01_ses-M0_acq-sag_T2w")
    assert (case.subject, case.session, case.contrast, case.entities["acq"]) == ("01", "M0", "T2w", "sag")
    assert dataset.case("sub-02_T1w").session is None
    assert not dataset.notes


def test_other_datatypes_sidecars_and_masks_beside_the_image_are_no_cases(study):
    touch(study, "sub-02/dwi/sub-02_dwi.nii.gz", "sub-02/anat/sub-02_T1w.json", "sub-02/anat/sub-02_T1w_seg.nii.gz")
    dataset = Dataset.open(study)
    assert len(dataset) == len(IMAGES)
    assert masks(dataset, "sub-02_T1w") == [("cord", "", "sub-02_T1w_seg.nii.gz")]


def test_masks_of_all_pipelines_in_both_styles_are_found_at_their_own_image_only(study):
    touch(
        study,
        "derivatives/labels/sub-01/ses-M0/anat/sub-01_ses-M0_acq-sag_T2w_label-canal_seg.nii.gz",
        "derivatives/labels/sub-02/anat/sub-02_run-1_T2w_label-spine_dseg.nii.gz",
        "derivatives/manual_masks/sub-02/anat/sub-02_T1w_label-GM_mask.nii.gz",
        "derivatives/spine-gt-refine/sub-02/anat/sub-02_run-1_space-T2w_seg-spine_desc-refined_dseg.nii.gz",
    )
    dataset = Dataset.open(study)
    assert masks(dataset, "sub-01_ses-M0_acq-sag_T2w") == [
        ("canal", "labels", "sub-01_ses-M0_acq-sag_T2w_label-canal_seg.nii.gz")
    ]
    assert masks(dataset, "sub-01_ses-M0_acq-ax_T2w") == []
    assert masks(dataset, "sub-01_ses-M12_acq-sag_T2w") == []
    assert [mask[:2] for mask in masks(dataset, "sub-02_run-1_T2w")] == [
        ("spine", "labels"),
        ("spine", "spine-gt-refine"),
    ]
    assert [mask[0] for mask in masks(dataset, "sub-02_T1w")] == ["gmwm"]


def test_a_mask_whose_name_does_not_say_the_contrast_belongs_to_the_only_image_it_can_belong_to(study):
    touch(
        study,
        "derivatives/labels/sub-02/anat/sub-02_run-1_label-canal_seg.nii.gz",
        "sub-02/anat/sub-02_PDw.nii.gz",
        "derivatives/labels/sub-02/anat/sub-02_label-canal_seg.nii.gz",
    )
    dataset = Dataset.open(study)
    assert [mask[0] for mask in masks(dataset, "sub-02_run-1_T2w")] == ["canal"]
    assert masks(dataset, "sub-02_T1w") == masks(dataset, "sub-02_PDw") == []


def test_masks_in_an_output_elsewhere_are_found_too(study, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("out") / "refined"
    touch(elsewhere, "sub-02/anat/sub-02_space-T1w_label-canal_desc-refined_mask.nii.gz")
    (elsewhere / ".spine-gt-refine").mkdir()
    dataset = Dataset.open(study, output=elsewhere)
    assert [mask[:2] for mask in masks(dataset, "sub-02_T1w")] == [("canal", "spine-gt-refine")]


def test_opening_writes_nothing(study):
    before = sorted(study.rglob("*"))
    Dataset.open(study).cases()
    assert sorted(study.rglob("*")) == before


def test_case_50_a_dataset_without_description_opens_with_a_note(study):
    (study / "dataset_description.json").unlink()
    dataset = Dataset.open(study)
    assert len(dataset) == len(IMAGES)
    assert rules(dataset) == {"no-description"}


def test_case_51_subjects_that_differ_in_case_only_are_left_out_and_named(study):
    touch(study, "sub-Ab/anat/sub-Ab_T2w.nii.gz", "sub-aB/anat/sub-aB_T2w.nii.gz")
    if len(list(study.glob("sub-*"))) < 4:
        pytest.skip("this file system does not tell upper from lower case")
    dataset = Dataset.open(study)
    assert len(dataset) == len(IMAGES)
    note = next(note for note in dataset.notes if note.rule == "duplicate-subject")
    assert note.severity == "error"
    assert "sub-Ab" in note.message
    assert "sub-aB" in note.message


def test_case_51_subjects_that_differ_in_leading_zeros_are_kept_with_a_warning(study):
    touch(study, "sub-1/anat/sub-1_T2w.nii.gz")
    dataset = Dataset.open(study)
    assert len(dataset) == len(IMAGES) + 1
    note = next(note for note in dataset.notes if note.rule == "duplicate-subject")
    assert note.severity == "warning"


def test_case_52_participants_that_are_paths_or_commands_are_never_followed(study):
    ids = ["sub-01", "../../etc", "sub-01;rm", "sub-..", "sub-03"]
    (study / "participants.tsv").write_text("participant_id\tage\n" + "".join(f"{text}\t1\n" for text in ids))
    dataset = Dataset.open(study)
    assert {case.subject for case in dataset.cases()} == {"01", "02"}
    by_rule = {note.rule: note for note in dataset.notes}
    assert by_rule["bad-participant-id"].message.startswith("participants.tsv: 3 entries")
    assert "sub-03" in by_rule["participant-without-folder"].message
    assert "sub-02" in by_rule["folder-without-participant"].message


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"participant_id\n\x00\n", b"no_such_column\n1\n"])
def test_a_damaged_participants_table_never_stops_the_index(study, content):
    (study / "participants.tsv").write_bytes(content)
    assert len(Dataset.open(study)) == len(IMAGES)


def test_case_53_a_link_that_leaves_the_dataset_is_read(study, tmp_path_factory):
    store = tmp_path_factory.mktemp("store") / "image.nii.gz"
    store.write_bytes(b"x" * 100)
    link = study / "sub-02/anat/sub-02_PDw.nii.gz"
    link.symlink_to(store)
    case = Dataset.open(study).case("sub-02_PDw")
    assert case.image == link
    assert case.fetched


def test_case_54_an_annex_link_without_content_is_a_case_that_says_not_fetched(study):
    image = study / "sub-02/anat/sub-02_PDw.nii.gz"
    image.symlink_to("../../.git/annex/objects/aa/bb/MD5E-s1--x.nii.gz")
    mask = study / "derivatives/labels/sub-02/anat/sub-02_PDw_label-canal_seg.nii.gz"
    mask.parent.mkdir(parents=True)
    mask.symlink_to("../../../../.git/annex/objects/aa/bb/MD5E-s2--x.nii.gz")
    dataset = Dataset.open(study)
    case = dataset.case("sub-02_PDw")
    assert not case.fetched
    assert [mask.fetched for mask in case.masks] == [False]
    with pytest.raises(NotFetchedError, match="datalad get"):
        load_mask(dataset, case, mask_type("canal"))


def test_case_54_a_pointer_file_of_an_unlocked_annex_counts_as_not_fetched(study):
    pointer = study / "sub-02/anat/sub-02_PDw.nii.gz"
    pointer.write_text("/annex/objects/MD5E-s9--x.nii.gz\n")
    assert not Dataset.open(study).case("sub-02_PDw").fetched


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["sub-02_T2w copy.nii.gz", "sub-02\n_T2w.nii.gz", "sub-02_T2wé.nii.gz"])
def test_case_56_names_with_spaces_line_breaks_or_accents_are_left_out_and_said_on_one_line(study, name):
    touch(study, f"sub-02/anat/{name}")
    dataset = Dataset.open(study)
    assert len(dataset) == len(IMAGES)
    (note,) = dataset.notes
    assert note.rule == "bad-name"
    assert note.path.isprintable()


def test_case_56_the_dataset_itself_may_lie_under_any_name(tmp_path):
    root = tmp_path / "Études, été 2026 (copie)" / ("long" * 40) / "ds"
    touch(root, *IMAGES)
    assert len(Dataset.open(root)) == len(IMAGES)


def test_case_14_an_image_stored_twice_is_left_out_and_asking_for_it_says_why(study):
    touch(study, "sub-02/anat/sub-02_T1w.nii")
    dataset = Dataset.open(study)
    assert len(dataset) == len(IMAGES) - 1
    with pytest.raises(UsageError, match="claim to be the same image"):
        dataset.case("sub-02_T1w")


def test_a_file_in_the_folder_of_another_subject_is_left_out_and_said(study):
    touch(study, "sub-02/anat/sub-01_T1w.nii.gz")
    dataset = Dataset.open(study)
    assert len(dataset) == len(IMAGES)
    assert rules(dataset) == {"misplaced-file"}


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom a folder can refuse")
def test_a_folder_that_cannot_be_read_is_said_and_the_others_go_on(study):
    (study / "sub-01").chmod(0)
    try:
        dataset = Dataset.open(study)
    finally:
        (study / "sub-01").chmod(0o755)
    assert {case.subject for case in dataset.cases()} == {"02"}
    assert "unreadable-folder" in rules(dataset)


def test_a_link_that_leads_back_to_the_dataset_does_not_trap_the_index(study):
    (study / "sub-02" / "anat" / "loop").symlink_to(study, target_is_directory=True)
    (study / "derivatives").mkdir()
    (study / "derivatives" / "self").symlink_to(study, target_is_directory=True)
    assert len(Dataset.open(study)) == len(IMAGES)


def test_one_subjects_folder_opens_as_the_dataset_of_that_subject(study):
    dataset = Dataset.open(study / "sub-02")
    assert {case.subject for case in dataset.cases()} == {"02"}
    assert dataset.output == study / "derivatives" / "spine-gt-refine"
    assert [case.key for case in dataset.reopened().cases()] == [case.key for case in dataset.cases()]


def test_one_image_of_a_dataset_opens_as_one_case_with_its_masks(study):
    touch(study, "derivatives/labels/sub-02/anat/sub-02_T1w_label-canal_seg.nii.gz")
    dataset = Dataset.open(study / "sub-02/anat/sub-02_T1w.nii.gz")
    assert [case.key for case in dataset.cases()] == ["sub-02_T1w"]
    assert [mask[0] for mask in masks(dataset, "sub-02_T1w")] == ["canal"]
    assert dataset.output == study / "derivatives" / "spine-gt-refine"


@pytest.mark.parametrize("name", ["scan.nii.gz", "Mon image (2).nii.gz", "sub-07_acq-sag_T2w.nii"])
def test_a_single_image_of_no_dataset_opens_and_its_masks_go_to_a_folder_beside_it(tmp_path, name):
    touch(tmp_path, name)
    dataset = Dataset.open(tmp_path / name)
    (case,) = dataset.cases()
    path = dataset.mask_path(case, mask_type("spine"))
    assert path.is_relative_to(tmp_path / "derivatives" / "spine-gt-refine" / f"sub-{case.subject}" / "anat")
    assert case.image == tmp_path / name
    assert path.name.isascii()
    assert " " not in path.name


def test_a_path_that_is_no_dataset_is_refused_with_a_remedy(tmp_path):
    with pytest.raises(DatasetError, match="does not exist"):
        Dataset.open(tmp_path / "nowhere")
    touch(tmp_path, "notes.txt")
    with pytest.raises(DatasetError, match="neither a folder nor a NIfTI"):
        Dataset.open(tmp_path / "notes.txt")
    assert rules(Dataset.open(tmp_path)) >= {"no-subjects"}


@pytest.mark.parametrize("output", [".", "..", "sub-01", "sub-02/anat", "derivatives", "code/out"])
def test_an_output_folder_among_the_raw_data_is_refused(study, output):
    with pytest.raises(UsageError, match=r"raw data|folder above"):
        Dataset.open(study, output=study / output)


def test_an_output_folder_of_another_pipeline_is_refused(study):
    touch(study, "derivatives/labels/sub-01/anat/sub-01_T2w_seg.nii.gz")
    with pytest.raises(UsageError, match="another dataset or pipeline"):
        Dataset.open(study, output=study / "derivatives" / "labels")


def test_a_link_that_makes_the_output_the_raw_data_is_refused(study):
    link = study.parent / "results"
    link.symlink_to(study, target_is_directory=True)
    with pytest.raises(UsageError, match="raw data are never written"):
        Dataset.open(study, output=link)
