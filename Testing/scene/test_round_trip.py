"""A mask that nobody edited comes back from the scene exactly as it went in, on every grid and for every label."""

import numpy as np
import pytest
import vtk
from scene_helpers import GRIDS, random_labels, segment_at, value_at, wide_scheme

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, LabelError
from SpineGTRefineLib.imaging import Image, LabelMap
from SpineGTRefineLib.scene import LabelSegmentation, add_volume, load_case


def test_an_unedited_mask_comes_back_voxel_for_voxel(scene, geometry):
    labels = random_labels(geometry, (1, 2, 11, 50, 100), np.uint8, scheme("spine"))
    back = LabelSegmentation.create(scene, labels, "mask").labels()
    np.testing.assert_array_equal(back.array, labels.array)
    assert back.array.dtype == labels.array.dtype
    assert back.geometry is labels.geometry


def test_labels_up_to_65535_keep_their_values(scene, geometry):
    values = (1, 300, 32768, 40000, 65535)
    labels = random_labels(geometry, values, np.uint16, wide_scheme(*values))
    np.testing.assert_array_equal(LabelSegmentation.create(scene, labels, "mask").labels().array, labels.array)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.int64])
def test_the_number_type_of_the_file_is_kept(scene, geometry, dtype):
    labels = random_labels(geometry, (1, 50), dtype, scheme("spine"))
    back = LabelSegmentation.create(scene, labels, "mask").labels()
    np.testing.assert_array_equal(back.array, labels.array)
    assert back.array.dtype == dtype


@pytest.mark.parametrize("value", [-3, 65536])
def test_labels_that_slicer_would_lose_are_refused(scene, geometry, value):
    labels = random_labels(geometry, (value,), np.int32, scheme("spine"))
    with pytest.raises(LabelError, match=str(value)):
        LabelSegmentation.create(scene, labels, "mask")


def test_an_empty_mask_stays_empty(scene, geometry):
    labels = LabelMap(np.zeros(geometry.shape, np.uint8), geometry, scheme("spine"))
    back = LabelSegmentation.create(scene, labels, "mask").labels()
    assert back.array.shape == geometry.shape
    assert not back.array.any()


def test_every_voxel_of_image_and_mask_stands_at_its_place_in_the_world(scene, geometry):
    labels = random_labels(geometry, (1,), np.uint8, scheme("cord"))
    image = Image(np.arange(labels.array.size, dtype=np.int16).reshape(geometry.shape), geometry)
    case = load_case(scene, image, labels, "case")
    for index in np.ndindex(geometry.shape):
        ras = geometry.to_world(index)
        assert value_at(case.volume, ras) == image.array[index]
        assert segment_at(case.segmentation.node, "cord", ras) == labels.array[index]


def test_the_scene_holds_only_right_handed_grids_as_slicers_filters_expect(scene, geometry):
    labels = random_labels(geometry, (1,), np.uint8, scheme("cord"))
    case = load_case(scene, Image(np.zeros(geometry.shape, np.int16), geometry), labels, "case")
    of_volume, of_layer = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    case.volume.GetIJKToRASMatrix(of_volume)
    layer = case.segmentation.node.GetSegmentation().GetSegment("cord").GetRepresentation("Binary labelmap")
    layer.GetImageToWorldMatrix(of_layer)
    assert of_volume.Determinant() > 0
    np.testing.assert_allclose(of_layer.GetData(), of_volume.GetData(), atol=1e-9)


def test_a_mask_stored_in_other_axes_than_its_image_is_edited_on_the_image_grid_and_returned_in_its_own(
    scene, geometry
):
    flipped = geometry.affine.copy()
    flipped[:3, 3] = geometry.to_world((geometry.shape[0] - 1, 0, 0))
    flipped[:3, 0] *= -1
    own = type(geometry)(geometry.shape, flipped)
    labels = random_labels(own, (1, 2), np.uint8, scheme("spine"))
    image = Image(np.zeros(geometry.shape, np.float32), geometry)
    case = load_case(scene, image, labels, "case")
    np.testing.assert_array_equal(case.labels().array, labels.array)


def test_a_mask_on_another_grid_than_its_image_is_refused_and_leaves_nothing_in_the_scene(scene, geometry):
    before = scene.mrml.GetNumberOfNodes()
    moved = geometry.affine.copy()
    moved[:3, 3] += 0.4 * moved[:3, 0]
    labels = random_labels(type(geometry)(geometry.shape, moved), (1,), np.uint8, scheme("spine"))
    with pytest.raises(GeometryError, match="Resample"):
        load_case(scene, Image(np.zeros(geometry.shape, np.float32), geometry), labels, "case")
    assert scene.mrml.GetNumberOfNodes() == before


def test_a_closed_case_leaves_the_scene_as_it_was(scene, geometry):
    mine = scene.new_node("vtkMRMLScalarVolumeNode", "the user's own volume")
    before = scene.mrml.GetNumberOfNodes()
    labels = random_labels(geometry, (1, 2), np.uint8, scheme("spine"))
    case = load_case(scene, Image(np.zeros(geometry.shape, np.float32), geometry), labels, "case")
    case.close()
    assert scene.mrml.GetNumberOfNodes() == before
    assert scene.mrml.GetNodeByID(mine.GetID()) is mine


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.int64, np.float32, np.float64, ">i2"])
def test_image_values_of_every_number_type_are_shown_unchanged(scene, dtype):
    geometry = GRIDS["isotropic RAS"]
    array = np.arange(np.prod(geometry.shape)).reshape(geometry.shape).astype(dtype)
    node = add_volume(scene, Image(array, geometry), "image")
    for index in [(0, 0, 0), (3, 2, 1), (8, 7, 6)]:
        assert value_at(node, geometry.to_world(index)) == array[index]
