"""The spine from output folders: masks that lie elsewhere than their image, and images that are not there."""

import gzip
import json

import nibabel as nib
import numpy as np
import pytest
from tool_lab import expected, moved, outputs, voxels

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import Geometry, LabelMap, reorient, resample_labels


def test_what_is_odd_about_a_header_reaches_the_user_and_the_report(lab):
    lab.add()
    path = lab.images / "sub-01/anat/sub-01_T2w.nii.gz"
    image = nib.load(path)
    other = image.affine.copy()
    other[2, 3] += 5
    image.set_qform(other, code=1)
    path.write_bytes(gzip.compress(image.to_bytes()))
    (case,) = lab.refine().cases
    assert any("image:" in note and "qform" in note for note in case.notes)
    assert json.loads(case.report.read_text())["Notes"] == list(case.notes)


def test_masks_stored_in_another_axis_order_are_turned_not_resampled(lab):
    vert, _, canal = outputs()
    lab.add(vert=reorient(vert, "PIR"), canal=reorient(canal, "RAS"))
    (case,) = lab.refine().cases
    np.testing.assert_array_equal(voxels(case), expected())
    assert case.notes == ()


def test_a_mask_on_another_grid_is_resampled_and_the_report_says_so(lab):
    labels = outputs()[1]
    shape = tuple(2 * n for n in labels.geometry.shape)
    affine = labels.geometry.affine.copy()
    affine[:3, :3] /= 2
    finer = resample_labels(labels, Geometry(shape, affine))
    lab.add(totalspineseg=finer)
    (case,) = lab.refine().cases
    assert voxels(case).shape == labels.array.shape
    assert any("TotalSpineSeg: resampled" in note for note in case.notes)
    assert any("resampled" in note for note in json.loads(case.report.read_text())["Notes"])
    assert np.mean(voxels(case) == expected()) > 0.99


def test_rounding_of_a_position_is_accepted_and_told(lab):
    lab.add(totalspineseg=moved(outputs()[1], 0.01))
    (case,) = lab.refine().cases
    np.testing.assert_array_equal(voxels(case), expected())
    assert any("0.01 mm" in note for note in case.notes)


def test_a_mask_of_another_part_of_the_body_is_refused(lab):
    labels = outputs()[1]
    shape = (*labels.geometry.shape[:2], labels.geometry.shape[2] + 1)
    affine = labels.geometry.affine.copy()
    affine[2, 3] += 500
    lab.add(canal=LabelMap(np.ones(shape, np.uint8), Geometry(shape, affine), scheme("canal")))
    (case,) = lab.refine().cases
    assert "share only 0%" in case.error.cause


def test_without_images_the_totalspineseg_grid_is_used_and_the_sidecar_says_so(lab):
    lab.add()
    (case,) = lab.refine(images=None, output=lab.root / "out").cases
    assert case.error is None
    np.testing.assert_array_equal(voxels(case), expected())
    assert "No image was given" in case.saved.sidecar.read_text()
    with pytest.raises(UsageError, match="no place"):
        lab.refine(images=None)


def test_a_flat_folder_of_images_serves_as_well(lab):
    lab.add()
    flat = lab.root / "flat"
    flat.mkdir()
    (flat / "sub-01_T2w.nii.gz").write_bytes((lab.images / "sub-01/anat/sub-01_T2w.nii.gz").read_bytes())
    (case,) = lab.refine(images=flat, output=lab.root / "out").cases
    assert case.error is None
    np.testing.assert_array_equal(voxels(case), expected())


def test_an_image_that_the_dataset_lacks_is_named(lab):
    lab.add()
    lab.add("02")
    (lab.images / "sub-02/anat/sub-02_T2w.nii.gz").unlink()
    result = lab.refine()
    assert [case.succeeded for case in result.cases] == [True, False]
    assert "no image sub-02_T2w" in result.failed[0].error.cause
