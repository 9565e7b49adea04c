"""Each segment shows what the label scheme says about its label."""

import numpy as np
import slicer
from scene_helpers import GRIDS, random_labels

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.scene import LabelSegmentation
from SpineGTRefineLib.scene.terminology import terminology_entry


def segmentation_of(scene, values, scheme_name="spine"):
    labels = random_labels(GRIDS["isotropic RAS"], values, np.uint8, scheme(scheme_name))
    return LabelSegmentation.create(scene, labels, "mask").node.GetSegmentation()


def test_segments_stand_from_head_to_tail_then_what_runs_along_the_spine_then_unknown_labels(scene):
    segmentation = segmentation_of(scene, (45, 11, 33, 21, 1, 250))
    names = [segmentation.GetSegment(i).GetName() for i in segmentation.GetSegmentIDs()]
    expected = [scheme("spine")[value].name for value in (11, 21, 33, 45, 1)]
    assert names == [*expected, "Label 250"]


def test_a_segment_has_the_name_colour_and_label_of_the_scheme(scene):
    entry = scheme("spine")[45]
    segment = segmentation_of(scene, (11, 45)).GetSegment(entry.structure.key)
    assert segment.GetName() == entry.name
    assert segment.GetLabelValue() == 45
    np.testing.assert_allclose(segment.GetColor(), np.array(entry.color) / 255)


def test_slicer_reads_the_standard_terms_of_every_label_of_the_house_scheme(scene):
    with_terms = 0
    for entry in scheme("spine"):
        columns = dict(entry.terminology)
        if "Type_CodeValue" not in columns:
            continue
        with_terms += 1
        term = slicer.vtkSlicerTerminologyEntry()
        slicer.vtkSlicerTerminologiesModuleLogic().DeserializeTerminologyEntry(terminology_entry(entry), term)
        assert term.GetTypeObject().GetCodeMeaning() == columns["Type_CodeMeaning"]
        assert term.GetTypeObject().GetCodeValue() == columns["Type_CodeValue"]
        assert term.GetCategoryObject().GetCodeValue() == columns["Category_CodeValue"]
        if "Region_CodeValue" in columns:
            assert term.GetRegionObject().GetCodeValue() == columns["Region_CodeValue"]
    assert with_terms > 40


def test_the_segment_of_a_label_carries_its_standard_term(scene):
    entry = scheme("spine")[45]
    assert segmentation_of(scene, (45,)).GetSegment("vertebra_L5").GetTerminology() == terminology_entry(entry) != ""


def test_labels_up_to_255_take_one_byte_a_voxel_and_larger_ones_two(scene):
    for largest, size in ((255, 1), (256, 2)):
        array = np.zeros((3, 3, 3), np.int64)
        array[1] = largest
        labels = LabelMap(array, type(GRIDS["isotropic RAS"])((3, 3, 3), np.eye(4)), scheme("spine"))
        segmentation = LabelSegmentation.create(scene, labels, "mask").node.GetSegmentation()
        assert segmentation.GetNthSegment(0).GetRepresentation("Binary labelmap").GetScalarSize() == size


def test_all_segments_of_a_fresh_mask_share_one_layer(scene):
    assert segmentation_of(scene, (11, 12, 13, 45, 100)).GetNumberOfLayers() == 1
