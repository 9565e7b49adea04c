"""ITK, and with it Slicer and nnU-Net, sees our files at the same place as we do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from bad_nifti import nifti
from hypothesis import given, settings
from small_volumes import LABELS, STORAGES, label_map, label_maps, scheme_of

from SpineGTRefineLib.imaging import LabelMap, read_labels, write_labels


def assert_itk_agrees(path: Path, labels: LabelMap) -> None:
    """Compare every voxel's value and world position (RAS mm), as ITK computes it, with ours."""
    image = SimpleITK.ReadImage(str(path))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).transpose(), labels.array)
    index = np.argwhere(np.ones(labels.geometry.shape))
    in_itk = [image.TransformIndexToPhysicalPoint(i) for i in index.tolist()]
    np.testing.assert_allclose(np.array(in_itk) * [-1, -1, 1], labels.geometry.to_world(index), atol=1e-3)


@pytest.mark.parametrize("storage", STORAGES)
def test_itk_puts_every_voxel_where_we_do(storage: str, tmp_path: Path) -> None:
    labels = label_map(affine=STORAGES[storage])
    write_labels(tmp_path / "a.nii.gz", labels)
    assert_itk_agrees(tmp_path / "a.nii.gz", labels)


@settings(max_examples=25)
@given(label_maps(largest=255))
def test_itk_agrees_on_any_grid(tmp_path_factory: pytest.TempPathFactory, labels: LabelMap) -> None:
    path = tmp_path_factory.mktemp("itk") / "a.nii"
    write_labels(path, labels)
    assert_itk_agrees(path, labels)


def test_itk_and_we_agree_on_files_that_state_only_a_qform(tmp_path: Path) -> None:
    labels = label_map(affine=STORAGES["oblique"])
    write_labels(tmp_path / "a.nii", labels)
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[254:256] = bytes(2)  # sform_code
    (tmp_path / "a.nii").write_bytes(bytes(content))
    assert_itk_agrees(tmp_path / "a.nii", read_labels(tmp_path / "a.nii", labels.scheme))


@pytest.mark.parametrize("unit", [0, 1, 2, 3])
def test_itk_and_we_agree_on_files_in_other_units(unit: int, tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(nifti(xyzt_units=unit))
    assert_itk_agrees(tmp_path / "a.nii", read_labels(tmp_path / "a.nii", scheme_of(LABELS)))
