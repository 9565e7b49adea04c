"""What is drawn beyond the image's edge: told by structure, and erased only when the rater says so."""

import numpy as np
import pytest
from scene_helpers import Annotator, random_labels

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError
from SpineGTRefineLib.imaging import Image
from SpineGTRefineLib.scene import load_case
from SpineGTRefineLib.scene.editor import SceneEditor
from SpineGTRefineLib.scene.outside import voxels_outside


@pytest.fixture
def labels(geometry):
    return random_labels(geometry, (1, 45, 50), np.uint8, scheme("spine"))


@pytest.fixture
def case(scene, geometry, labels):
    return load_case(scene, Image(np.zeros(geometry.shape, np.int16), geometry), labels, "case")


def test_the_rater_is_told_which_structure_lies_outside_and_how_many_voxels(case, geometry, labels):
    assert voxels_outside(case.segmentation) == {}
    outside = np.array([[-1, 0, 0], [-3, 1, 0], [0, 0, geometry.shape[2] + 1], [0, 0, 0]])
    Annotator(case).paint(case.segmentation.segment_id(45), geometry.to_world(outside))
    assert voxels_outside(case.segmentation) == {scheme("spine")[45].name: 3}


def test_what_lies_outside_is_erased_in_one_step_and_nothing_inside_changes(case, geometry, labels):
    editor = SceneEditor(case)
    points = np.array([[-2, 0, 0], [0, 0, geometry.shape[2]], [0, 1, 0]])
    Annotator(case).paint(case.segmentation.segment_id(50), geometry.to_world(points))
    with pytest.raises(GeometryError, match="2 voxels were drawn outside"):
        editor.labels()
    assert editor.erase_outside() == 2
    expected = labels.array.copy()
    expected[0, 1, 0] = 50
    np.testing.assert_array_equal(editor.labels().array, expected)
    assert editor.erase_outside() == 0
    assert editor.undo() == "erase what lies outside the image"
    assert sum(voxels_outside(case.segmentation).values()) == 2
    editor.redo()
    np.testing.assert_array_equal(editor.labels().array, expected)
