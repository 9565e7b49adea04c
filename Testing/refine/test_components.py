import numpy as np
import pytest

from SpineGTRefineLib.errors import LabelError
from SpineGTRefineLib.refine.components import (
    FACE_CONNECTIVITY,
    label_components,
    largest_component,
    remove_small,
    too_small,
)
from SpineGTRefineLib.refine.compose import compose, fill_background, subtract


@pytest.fixture
def two_parts():
    mask = np.zeros((5, 5, 5), bool)
    mask[0:2, 0:2, 0:2] = True
    mask[4, 4, 4] = True
    return mask


def test_the_largest_component_is_kept_and_the_input_is_not_changed(two_parts):
    before = two_parts.copy()
    kept = largest_component(two_parts)
    assert kept.sum() == 8
    assert not kept[4, 4, 4]
    np.testing.assert_array_equal(two_parts, before)


def test_an_empty_mask_has_no_component():
    empty = np.zeros((2, 2, 2), bool)
    assert not largest_component(empty).any()
    assert not remove_small(empty, 5).any()
    assert too_small(np.zeros(0, int), 1.0, 30, 0.1).size == 0


def test_corner_neighbours_are_one_component_unless_faces_are_asked_for():
    diagonal = np.eye(3, dtype=bool)[:, :, None]
    assert label_components(diagonal)[1].tolist() == [3]
    assert label_components(diagonal, FACE_CONNECTIVITY)[1].tolist() == [1, 1, 1]


def test_small_components_are_removed(two_parts):
    assert remove_small(two_parts, 2).sum() == 8
    assert remove_small(two_parts, 1).sum() == 9


def test_a_speck_is_small_in_millimetres_and_beside_its_structure_and_never_the_largest_part():
    sizes = np.array([1000, 20, 20])
    assert too_small(sizes, 1.0, 30, 0.05).tolist() == [False, True, True]
    assert too_small(sizes, 2.0, 30, 0.05).tolist() == [False, False, False]
    assert too_small(np.array([40, 20]), 1.0, 30, 0.05).tolist() == [False, False]
    assert too_small(np.array([2, 1]), 1.0, 30, 0.9).tolist() == [False, True]


def test_masks_are_taken_away_and_layers_laid_over_each_other():
    base, layer = np.array([1, 1, 0, 0], np.uint8), np.array([0, 2, 2, 0], np.uint16)
    assert subtract(base, layer).tolist() == [1, 0, 0, 0]
    assert compose(base, layer).tolist() == [1, 2, 2, 0]
    assert fill_background(base, layer).tolist() == [1, 1, 2, 0]
    assert fill_background(base, layer, np.array([True, True, False, True])).tolist() == [1, 1, 0, 0]
    assert base.tolist() == [1, 1, 0, 0]
    assert compose(base, layer).dtype == np.uint8


@pytest.mark.parametrize("put_together", [compose, fill_background])
def test_a_value_that_does_not_fit_is_refused(put_together):
    with pytest.raises(LabelError, match="300"):
        put_together(np.zeros(2, np.uint8), np.array([0, 300]))
