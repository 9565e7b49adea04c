from pathlib import Path

import pytest

from SpineGTRefineLib.errors import DatasetError, MissingFileError
from SpineGTRefineLib.models import external


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


@pytest.mark.parametrize(
    ("spineps", "totalspineseg", "canal", "key"),
    [
        (
            "sub-001_mod-T2w_seg-vert_msk.nii.gz",
            "sub-001_T2w.nii.gz",
            "sub-001_T2w_label-canal_seg.nii.gz",
            "sub-001_T2w",
        ),
        (
            "sub-001_ses-M0_acq-sag_mod-T2w_seg-vert_msk.nii.gz",
            "sub-001_ses-M0_acq-sag_T2w.nii.gz",
            "sub-001_ses-M0_acq-sag_T2w_canal_seg.nii.gz",
            "sub-001_ses-M0_acq-sag_T2w",
        ),
        (
            "sub-001/ses-M0/anat/sub-001_ses-M0_run-2_mod-T1w_seg-vert_msk.nii.gz",
            "sub-001/ses-M0/anat/sub-001_ses-M0_run-2_T1w_label-spine_dseg.nii.gz",
            "sub-001/ses-M0/anat/sub-001_ses-M0_run-2_space-T1w_label-canal_mask.nii.gz",
            "sub-001_ses-M0_run-2_T1w",
        ),
        ("sub-scan_mod-scan_seg-vert_msk.nii.gz", "scan.nii.gz", "scan_canal_seg.nii", "scan"),
        ("sub-9_mod-T2w_seg-vert_msk.nii", "sub-9_T2w.nii", "sub-9_T2w.nii.gz", "sub-9_T2w"),
    ],
)
def test_the_files_of_one_image_find_each_other_under_three_ways_of_naming(
    tmp_path, spineps, totalspineseg, canal, key
):
    instances = external.spineps_instances(touch(tmp_path / "s", spineps))
    (found,) = instances.files
    assert found.key == key
    labels = external.totalspineseg_labels(touch(tmp_path / "t", totalspineseg))
    canals = external.canal_masks(touch(tmp_path / "c", canal))
    assert labels.of_image(found.entities, found.contrast).path.name == Path(totalspineseg).name
    assert canals.of_image(found.entities, found.contrast).path.name == Path(canal).name


def test_only_the_final_labels_of_totalspineseg_are_taken(tmp_path):
    folder = touch(
        tmp_path, "step1_output/sub-1_T2w.nii.gz", "step2_output/sub-1_T2w.nii.gz", "input/sub-1_T2w_0000.nii.gz"
    )
    assert [file.path.parent.name for file in external.totalspineseg_labels(folder).files] == ["step2_output"]


def test_raw_and_semantic_masks_of_spineps_are_passed_over(tmp_path):
    folder = touch(
        tmp_path,
        "sub-1_mod-T2w_seg-vert_msk.nii.gz",
        "sub-1_mod-T2w_seg-spine_msk.nii.gz",
        "output_raw_T2w/sub-1_mod-T2w_seg-vert-raw_msk.nii.gz",
        "debug_T2w/sub-1_mod-T2w_seg-vert_msk.nii.gz",
        "sub-1_mod-T2w_seg-vert_ctd.json",
    )
    assert len(external.spineps_instances(folder).files) == 1


def test_another_session_or_contrast_is_not_taken_for_the_same_image(tmp_path):
    canals = external.canal_masks(
        touch(tmp_path, "sub-1_ses-B_T2w_label-canal_seg.nii.gz", "sub-1_ses-A_T1w_label-canal_seg.nii.gz")
    )
    with pytest.raises(MissingFileError, match="sub-1_ses-A_T2w"):
        canals.of_image((("ses", "A"), ("sub", "1")), "T2w")


def test_a_mask_that_does_not_name_its_contrast_serves_if_it_is_the_only_one(tmp_path):
    canals = external.canal_masks(touch(tmp_path, "sub-1_label-canal_seg.nii.gz"))
    assert canals.find((("sub", "1"),), "T2w") is not None


def test_two_files_for_one_image_are_an_error_that_names_both(tmp_path):
    canals = external.canal_masks(touch(tmp_path, "sub-1_T2w_label-canal_seg.nii.gz", "sub-1_T2w_canal_seg.nii.gz"))
    with pytest.raises(DatasetError, match=r"sub-1_T2w_canal_seg.*sub-1_T2w_label-canal_seg"):
        canals.of_image((("sub", "1"),), "T2w")


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(MissingFileError, match="nowhere"):
        external.spineps_instances(tmp_path / "nowhere")
