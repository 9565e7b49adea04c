"""The scene's editor is a review editor: exact voxels, one undo step for each act, every stroke noticed."""

import numpy as np
import pytest
from scene_helpers import Annotator

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, UsageError
from SpineGTRefineLib.imaging import Image, LabelMap
from SpineGTRefineLib.scene import load_case
from SpineGTRefineLib.scene.act_names import PAINTED
from SpineGTRefineLib.scene.editor import SceneEditor


@pytest.fixture
def labels(geometry):
    values = np.array([0, 41, 42, 43], dtype=np.uint8)
    array = np.random.default_rng(3).choice(values, size=geometry.shape)
    return LabelMap(array, geometry, scheme("spine"))


@pytest.fixture
def case(scene, geometry, labels):
    return load_case(scene, Image(np.zeros(geometry.shape, np.float32), geometry), labels, "case")


@pytest.fixture
def editor(case):
    return SceneEditor(case)


def with_value(labels, old, new):
    return labels.with_array(np.where(labels.array == old, new, labels.array).astype(np.uint8))


def test_a_replacement_is_exact_and_one_step_to_undo_on_every_grid(editor, labels):
    new = with_value(labels, 41, 44)  # a structure that was not there before
    editor.replace(new, "rename L1")
    assert (editor.labels().array == new.array).all()
    assert (editor.revision, editor.undo_text) == (1, "rename L1")
    assert editor.undo() == "rename L1"
    assert (editor.labels().array == labels.array).all()
    assert editor.redo() == "rename L1"
    assert (editor.labels().array == new.array).all()
    assert editor.revision == 3


def test_the_same_voxels_are_no_step(editor, labels):
    editor.replace(labels.with_array(labels.array.copy()), "nothing")
    assert (editor.revision, editor.undo_text) == (0, "")
    assert editor.undo() == ""


def test_what_does_not_fit_is_refused(editor, labels):
    with pytest.raises(UsageError):
        editor.replace(LabelMap(labels.array, labels.geometry, scheme("canal")), "other scheme")
    moved = labels.geometry.with_shape_and_origin(labels.geometry.shape, (1, 0, 0))
    with pytest.raises(GeometryError):
        editor.replace(LabelMap(labels.array, moved, labels.scheme), "other grid")


def test_strokes_and_slicers_own_undo_are_noticed(case, labels):
    strokes = []
    editor = SceneEditor(case, on_painted=lambda: strokes.append(editor.revision))
    annotator = Annotator(case)
    index = np.argwhere(labels.array == 0)[:2]
    annotator.paint(case.segmentation.segment_id(42), labels.geometry.to_world(index))
    assert strokes
    assert editor.undo_text == PAINTED
    assert (editor.labels().array[tuple(index.T)] == 42).all()
    before = editor.revision
    annotator.undo()
    assert editor.revision > before
    assert (editor.labels().array == labels.array).all()


def test_names_and_colors_are_no_edit(case, editor):
    segment = case.segmentation.node.GetSegmentation().GetNthSegment(0)
    segment.SetName("other")
    segment.SetColor(1, 0, 0)
    assert editor.revision == 0


def test_a_closed_editor_follows_no_more(case, editor, labels):
    editor.close()
    Annotator(case).paint(
        case.segmentation.segment_id(42), labels.geometry.to_world(np.argwhere(labels.array == 0)[:1])
    )
    assert editor.revision == 0
