"""What an annotator does to the segmentation arrives in the mask: these voxels, no others, under the right label."""

import numpy as np
import pytest
import slicer
from scene_helpers import GRIDS, Annotator, random_labels, wide_scheme
from vtk.util.numpy_support import numpy_to_vtk

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, LabelError
from SpineGTRefineLib.imaging import Image, LabelMap, reorient
from SpineGTRefineLib.scene import LabelSegmentation, load_case


def open_case(scene, labels):
    return load_case(scene, Image(np.zeros(labels.geometry.shape, np.int16), labels.geometry), labels, "case")


def blocks(geometry, values, dtype=np.uint8) -> LabelMap:
    """One structure for each value, side by side along the longest axis, with background around."""
    array = np.zeros(geometry.shape, dtype)
    axis = int(np.argmax(geometry.shape))
    for number, value in enumerate(values):
        where = [slice(None)] * 3
        where[axis] = slice(1 + 2 * number, 3 + 2 * number)
        array[tuple(where)] = value
    return LabelMap(array, geometry, wide_scheme(*values))


def some_voxels(geometry, count, seed=3):
    rng = np.random.default_rng(seed)
    index = np.stack([rng.integers(0, n, count) for n in geometry.shape], axis=1)
    return index, geometry.to_world(index)


@pytest.mark.parametrize("values", [(1, 50), (300, 40000, 65535)], ids=str)
def test_painted_voxels_get_the_structures_label_and_no_other_voxel_changes(scene, geometry, values):
    labels = blocks(geometry, values, np.uint16)
    case = open_case(scene, labels)
    index, points = some_voxels(geometry, 25)
    Annotator(case).paint(case.segmentation.segment_id(values[-1]), points)
    expected = labels.array.copy()
    expected[tuple(index.T)] = values[-1]
    np.testing.assert_array_equal(case.labels().array, expected)


def test_erased_voxels_become_background_and_no_other_voxel_changes(scene, geometry):
    labels = blocks(geometry, (1, 50))
    case = open_case(scene, labels)
    index, points = some_voxels(geometry, 25)
    Annotator(case).erase(case.segmentation.segment_id(50), points)
    expected = labels.array.copy()
    hit = np.zeros(geometry.shape, bool)
    hit[tuple(index.T)] = True
    expected[hit & (labels.array == 50)] = 0
    np.testing.assert_array_equal(case.labels().array, expected)


def test_undo_gives_the_mask_before_the_stroke_and_redo_the_one_after_it(scene, geometry):
    labels = blocks(geometry, (7, 300), np.uint16)
    case = open_case(scene, labels)
    annotator = Annotator(case)
    _, points = some_voxels(geometry, 25)
    annotator.paint(case.segmentation.segment_id(300), points)
    after = case.labels().array
    annotator.undo()
    np.testing.assert_array_equal(case.labels().array, labels.array)
    annotator.redo()
    np.testing.assert_array_equal(case.labels().array, after)


def test_hidden_renamed_recoloured_and_reordered_segments_are_saved_like_the_others(scene):
    labels = random_labels(GRIDS["oblique"], (1, 2, 45, 100), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    node = case.segmentation.node
    segmentation = node.GetSegmentation()
    node.GetDisplayNode().SetSegmentVisibility("cord", False)
    segmentation.GetSegment("vertebra_L5").SetName("spinal cord")
    segmentation.GetSegment("vertebra_L5").SetColor(0, 0, 0)
    segmentation.SetSegmentIndex("vertebra_L5", 3)
    np.testing.assert_array_equal(case.labels().array, labels.array)


def test_slicers_own_renumbering_of_label_values_plays_no_part(scene):
    labels = random_labels(GRIDS["oblique"], (11, 45, 100), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    segmentation = case.segmentation.node.GetSegmentation()
    segmentation.SeparateSegmentLabelmap("vertebra_L5")
    segmentation.CollapseBinaryLabelmaps(True)
    assert {segmentation.GetSegment(i).GetLabelValue() for i in segmentation.GetSegmentIDs()} != {11, 45, 100}
    np.testing.assert_array_equal(case.labels().array, labels.array)


def test_segments_in_layers_of_their_own_do_not_wipe_each_other_out(scene):
    labels = random_labels(GRIDS["oblique"], (11, 45, 100), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    segmentation = case.segmentation.node.GetSegmentation()
    for segment_id in list(segmentation.GetSegmentIDs()):
        segmentation.SeparateSegmentLabelmap(segment_id)
    assert segmentation.GetNumberOfLayers() > 1
    np.testing.assert_array_equal(case.labels().array, labels.array)


def test_negative_leftovers_in_a_layer_belong_to_nobody(scene):
    labels = blocks(GRIDS["isotropic RAS"], (1, 2))
    case = open_case(scene, labels)
    layer = case.segmentation.node.GetSegmentation().GetNthSegment(0).GetRepresentation("Binary labelmap")
    layer.GetPointData().SetScalars(numpy_to_vtk(np.where(labels.array == 0, -1, labels.array).ravel("F"), deep=True))
    np.testing.assert_array_equal(case.labels().array, labels.array)


def test_an_emptied_structure_is_background_and_no_error(scene):
    labels = random_labels(GRIDS["oblique"], (1, 45), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    case.segmentation.node.GetSegmentation().ClearSegment("vertebra_L5")
    np.testing.assert_array_equal(case.labels().array, np.where(labels.array == 45, 0, labels.array))


def test_a_structure_of_the_scheme_can_be_added_and_painted(scene, geometry):
    labels = LabelMap(np.zeros(geometry.shape, np.uint8), geometry, wide_scheme(40, 40000))
    case = open_case(scene, labels)
    segment_id = case.segmentation.add_segment(40000)
    assert case.segmentation.add_segment(40000) == segment_id, "asked for twice, there is still one segment"
    index, points = some_voxels(geometry, 5)
    Annotator(case).paint(segment_id, points)
    expected = np.zeros(geometry.shape, np.uint16)
    expected[tuple(index.T)] = 40000
    back = case.labels().array
    np.testing.assert_array_equal(back, expected)
    assert back.dtype == np.uint16, "the number type grows with the label"


def test_a_structure_that_the_scheme_does_not_know_cannot_be_added(scene):
    labels = random_labels(GRIDS["oblique"], (1,), np.uint8, scheme("cord"))
    with pytest.raises(LabelError, match="77"):
        LabelSegmentation.create(scene, labels, "mask").add_segment(77)


def test_a_removed_segment_is_reported_by_name_instead_of_saved_as_background(scene):
    labels = random_labels(GRIDS["oblique"], (1, 45), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    case.segmentation.node.GetSegmentation().RemoveSegment("vertebra_L5")
    with pytest.raises(LabelError, match=r"removed: .*L5.*\(45\).*Undo"):
        case.labels()


def test_a_removed_segment_can_be_undone(scene):
    labels = random_labels(GRIDS["oblique"], (1, 45), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    annotator = Annotator(case)
    annotator.logic.SaveStateForUndo()
    case.segmentation.node.GetSegmentation().RemoveSegment("vertebra_L5")
    annotator.undo()
    np.testing.assert_array_equal(case.labels().array, labels.array)


def test_undo_may_go_back_before_a_structure_was_added(scene):
    labels = random_labels(GRIDS["oblique"], (1, 45), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    annotator = Annotator(case)
    annotator.logic.SaveStateForUndo()
    added = case.segmentation.add_segment(46)
    annotator.paint(added, labels.geometry.to_world(np.argwhere(labels.array == 0)[:4]))
    annotator.undo()
    annotator.undo()
    np.testing.assert_array_equal(case.labels().array, labels.array)
    annotator.redo()
    annotator.redo()
    assert (case.labels().array == 46).sum() == 4


@pytest.mark.parametrize("name", ["Segment_1", "L5 vertebra"], ids=["free name", "the name of the removed one"])
def test_a_segment_that_was_removed_and_added_again_by_hand_is_refused_with_a_remedy(scene, name):
    labels = random_labels(GRIDS["oblique"], (1, 45), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    segmentation = case.segmentation.node.GetSegmentation()
    segmentation.RemoveSegment("vertebra_L5")
    segmentation.AddEmptySegment("", name)
    with pytest.raises(LabelError) as failure:
        case.labels()
    assert failure.value.remedy
    case.segmentation.add_segment(45)
    with pytest.raises(LabelError, match=f"{name}.*added freely"):
        case.labels()


def test_a_segment_tagged_with_a_label_outside_the_scheme_is_refused(scene):
    labels = random_labels(GRIDS["oblique"], (1,), np.uint8, scheme("cord"))
    case = open_case(scene, labels)
    stranger = slicer.vtkSegment()
    stranger.SetName("from another mask")
    stranger.SetTag("LabelValue", "77")
    case.segmentation.node.GetSegmentation().AddSegment(stranger, "stranger")
    with pytest.raises(LabelError, match="from another mask"):
        case.labels()


def test_a_copied_segment_is_refused_since_two_would_stand_for_one_structure(scene):
    labels = random_labels(GRIDS["oblique"], (1, 45), np.uint8, scheme("spine"))
    case = open_case(scene, labels)
    segmentation = case.segmentation.node.GetSegmentation()
    copy = slicer.vtkSegment()
    copy.DeepCopy(segmentation.GetSegment("vertebra_L5"))
    segmentation.AddSegment(copy, "copy")
    with pytest.raises(LabelError, match=r"same structure: .*L5"):
        case.labels()


def test_overlapping_structures_are_counted_and_named_never_settled_silently(scene):
    labels = blocks(GRIDS["oblique"], (10, 20))
    case = open_case(scene, labels)
    annotator = Annotator(case)
    annotator.let_structures_overlap()
    inside = np.argwhere(labels.array == 10)[:6]
    annotator.paint(case.segmentation.segment_id(20), labels.geometry.to_world(inside))
    with pytest.raises(LabelError, match="6 voxels belong to two structures, most of them to label 10 and label 20"):
        case.labels()


def test_overlap_elsewhere_in_separate_layers_is_no_overlap(scene):
    labels = blocks(GRIDS["oblique"], (10, 20))
    case = open_case(scene, labels)
    annotator = Annotator(case)
    annotator.let_structures_overlap()
    background = np.argwhere(labels.array == 0)[:6]
    annotator.paint(case.segmentation.segment_id(20), labels.geometry.to_world(background))
    expected = labels.array.copy()
    expected[tuple(background.T)] = 20
    np.testing.assert_array_equal(case.labels().array, expected)


def test_voxels_drawn_outside_the_image_are_refused_with_their_number(scene, geometry):
    labels = blocks(geometry, (10, 20))
    case = open_case(scene, labels)
    outside = np.array([[-1, 0, 0], [-3, 1, 0], [0, 0, geometry.shape[2] + 1]])
    Annotator(case).paint(case.segmentation.segment_id(10), geometry.to_world(outside))
    with pytest.raises(GeometryError, match="3 voxels were drawn outside"):
        case.labels()


def test_a_segmentation_moved_by_a_transform_is_refused(scene):
    case = open_case(scene, blocks(GRIDS["oblique"], (10, 20)))
    transform = scene.new_node("vtkMRMLLinearTransformNode", "moved")
    case.segmentation.node.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(GeometryError, match="transform"):
        case.labels()


def test_a_segment_on_another_grid_is_refused(scene):
    labels = blocks(GRIDS["oblique"], (10, 20))
    case = open_case(scene, labels)
    layer = case.segmentation.node.GetSegmentation().GetNthSegment(0).GetRepresentation("Binary labelmap")
    layer.SetSpacing(2.0, 2.0, 2.0)
    with pytest.raises(GeometryError):
        case.labels()


def test_surfaces_instead_of_voxels_are_refused(scene):
    case = open_case(scene, blocks(GRIDS["oblique"], (10, 20)))
    segmentation = case.segmentation.node.GetSegmentation()
    assert segmentation.CreateRepresentation("Closed surface")
    case.segmentation.node.SetSourceRepresentationToClosedSurface()
    with pytest.raises(LabelError, match="no longer consists of voxels"):
        case.labels()


def test_labels_survive_a_saved_scene(scene, tmp_path):
    labels = random_labels(GRIDS["oblique"], (1, 45, 100), np.uint8, scheme("spine"))
    node = LabelSegmentation.create(scene, labels, "mask").node
    storage = scene.new_node("vtkMRMLSegmentationStorageNode", "file")
    storage.SetFileName(str(tmp_path / "mask.seg.nrrd"))
    assert storage.WriteData(node)
    again = scene.new_node("vtkMRMLSegmentationNode", "again")
    assert storage.ReadData(again)
    np.testing.assert_array_equal(LabelSegmentation(again, labels, labels.geometry).labels().array, labels.array)


def test_another_mask_takes_the_place_of_the_one_under_edit(scene, geometry):
    labels = blocks(geometry, (10, 20))
    case = open_case(scene, labels)
    nodes = scene.mrml.GetNumberOfNodes()
    other = reorient(labels.with_array(np.where(labels.array == 10, 20, 0).astype(np.uint8)), "LPI")
    case.replace_labels(other)
    assert scene.mrml.GetNumberOfNodes() == nodes, "the old segmentation is gone"
    np.testing.assert_array_equal(case.labels().array, other.array)
    segment_id = case.segmentation.segment_id(20)
    layer = case.segmentation.node.GetSegmentation().GetSegment(segment_id).GetRepresentation("Binary labelmap")
    assert layer.GetDimensions() == case.volume.GetImageData().GetDimensions(), "it is edited on the image's grid"


def test_unedited_input_arrays_are_never_written(scene):
    labels = blocks(GRIDS["isotropic RAS"], (10, 20))
    before = labels.array.copy()
    case = open_case(scene, labels)
    _, points = some_voxels(labels.geometry, 25)
    Annotator(case).paint(case.segmentation.segment_id(20), points)
    case.labels()
    np.testing.assert_array_equal(labels.array, before)
