"""A volume that the user loaded: its file is used where there is one, and otherwise its own grid, which is said."""

import numpy as np
import pytest
import vtk
from scene_helpers import GRIDS, Annotator

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, UnsupportedFileError
from SpineGTRefineLib.imaging import Geometry, Image, read_labels, write_image, write_labels
from SpineGTRefineLib.scene import add_volume, empty_labels, open_volume
from SpineGTRefineLib.scene.found import found_volume
from SpineGTRefineLib.scene.grids import fill_image, matrix_of


@pytest.fixture
def image(geometry):
    return Image(np.random.default_rng(0).integers(0, 900, geometry.shape, dtype=np.int16), geometry)


@pytest.fixture
def volume(scene, image):
    return add_volume(scene, image, "scan")


def with_file(scene, volume, path):
    storage = scene.new_node("vtkMRMLVolumeArchetypeStorageNode", "file")
    storage.SetFileName(str(path))
    volume.SetAndObserveStorageNodeID(storage.GetID())
    return volume


def test_a_volume_from_a_file_is_that_file_with_its_own_grid(scene, volume, image, tmp_path):
    path = tmp_path / "scan.nii.gz"
    write_image(path, image)
    found = found_volume(with_file(scene, volume, path))
    assert (found.path, found.note) == (path, "")
    assert found.image.geometry.matches(image.geometry)
    assert found.image.source.path == path


def test_a_volume_without_a_file_is_saved_on_its_own_grid_which_is_said(scene, volume, image, tmp_path):
    case, found = open_volume(scene, volume, scheme("spine"))
    assert found.path is None
    assert "own grid" in found.note
    assert "scan" in found.note
    index = np.argwhere(np.ones(image.geometry.shape, bool))[:7]
    points = image.geometry.to_world(index)
    Annotator(case).paint(case.segmentation.add_segment(50), points)
    write_labels(tmp_path / "mask.nii.gz", case.labels())
    saved = read_labels(tmp_path / "mask.nii.gz", scheme("spine"))
    drawn = np.argwhere(saved.array == 50)
    assert len(drawn) == 7
    as_rows = [np.sort(np.round(rows, 3), axis=0) for rows in (saved.geometry.to_world(drawn), points)]
    np.testing.assert_allclose(*as_rows, atol=0.01)
    case.close()
    assert scene.mrml.GetNodeByID(volume.GetID()) is volume, "the user's volume stays"
    assert scene.mrml.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_a_volume_moved_by_a_transform_is_refused_with_a_remedy(scene, volume):
    transform = scene.new_node("vtkMRMLLinearTransformNode", "alignment")
    volume.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(GeometryError, match="moved by the transform 'alignment'") as failure:
        found_volume(volume)
    assert "Take it out of the transform" in failure.value.remedy


def test_a_volume_that_was_moved_or_cropped_since_it_was_loaded_is_not_taken_for_its_file(scene, tmp_path):
    grid = GRIDS["oblique"]
    whole = Image(np.zeros(grid.shape, np.int16), grid)
    write_image(tmp_path / "scan.nii.gz", whole)
    moved = Geometry(grid.shape, grid.affine + np.array([[0, 0, 0, 5.0], [0] * 4, [0] * 4, [0] * 4]))
    part = grid.with_shape_and_origin((grid.shape[0] - 2, *grid.shape[1:]), (1, 0, 0))
    for geometry in (moved, part):
        volume = add_volume(scene, Image(np.zeros(geometry.shape, np.int16), geometry), "scan")
        found = found_volume(with_file(scene, volume, tmp_path / "scan.nii.gz"))
        assert found.path is None
        assert "no longer lies where its file scan.nii.gz says" in found.note
        assert found.image.geometry.matches(geometry)


def test_a_volume_of_nothing_is_refused(scene):
    with pytest.raises(UnsupportedFileError):
        found_volume(scene.new_node("vtkMRMLScalarVolumeNode", "empty"))


def test_an_empty_mask_of_a_found_image_lies_on_its_grid(volume):
    image = found_volume(volume).image
    assert empty_labels(image, scheme("cord")).geometry.matches(image.geometry)


def test_a_left_handed_volume_as_slicer_loads_it_is_painted_where_the_file_says(scene, image, geometry, tmp_path):
    node = scene.new_node("vtkMRMLScalarVolumeNode", "scan")
    data = vtk.vtkImageData()
    fill_image(data, image.array)
    node.SetIJKToRASMatrix(matrix_of(geometry.affine))
    node.SetAndObserveImageData(data)
    write_image(tmp_path / "scan.nii", image)
    case, found = open_volume(scene, with_file(scene, node, tmp_path / "scan.nii"), scheme("spine"))
    assert found.path is not None
    index = np.stack([np.random.default_rng(1).integers(0, n, 9) for n in geometry.shape], axis=1)
    Annotator(case).paint(case.segmentation.add_segment(50), geometry.to_world(index))
    expected = np.zeros(geometry.shape, np.uint8)
    expected[tuple(index.T)] = 50
    np.testing.assert_array_equal(case.labels().array, expected)
