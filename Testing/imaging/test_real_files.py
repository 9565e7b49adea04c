"""Real images and masks, from several programs, go through unharmed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from small_volumes import scheme_of

from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import read_image, read_labels, write_labels

FILES = ["mri", "spineps_refine/small_edge", "spineps_refine/small_iso2", "spineps_refine/real_c5c7"]


@pytest.mark.parametrize("folder", FILES)
def test_every_real_mask_is_saved_again_without_a_changed_voxel_and_its_input_is_untouched(
    folder: str, shared_data: Path, tmp_path: Path
) -> None:
    paths = [
        p for p in sorted((shared_data / folder).rglob("*.nii.gz")) if not p.name.endswith(("T2w.nii.gz", "_t2.nii.gz"))
    ]
    assert paths
    for path in paths:
        before = sha256_of_file(path)
        array = np.asarray(read_image(path).array)
        labels = read_labels(path, scheme_of(np.unique(array).astype(int).tolist()))
        write_labels(tmp_path / path.name, labels)
        again = read_labels(tmp_path / path.name, labels.scheme)
        np.testing.assert_array_equal(again.array, array)
        assert again.geometry.distance_to(labels.geometry) == 0
        assert sha256_of_file(path) == before


@pytest.mark.parametrize("folder", FILES)
def test_itk_sees_real_files_where_we_do(folder: str, shared_data: Path) -> None:
    for path in sorted((shared_data / folder).rglob("*.nii.gz")):
        geometry = read_image(path).geometry
        image = SimpleITK.ReadImage(str(path))
        last = [n - 1 for n in geometry.shape]
        for index in ([0, 0, 0], last):
            itk = np.array(image.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]
            np.testing.assert_allclose(itk, geometry.to_world(index), atol=5e-3)
