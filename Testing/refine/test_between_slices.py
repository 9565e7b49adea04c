"""Filling between slices: shapes change evenly, and only empty voxels are taken."""

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import LabelError
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.refine.between_slices import fill_between_slices

SPINE = scheme("spine")
L1, L2 = SPINE.value_of("vertebra_L1"), SPINE.value_of("vertebra_L2")


def mask(array) -> LabelMap:
    return LabelMap(array, Geometry(array.shape, np.diag([3.0, 1.0, 1.0, 1.0])), SPINE)


def two_squares(axis: int) -> np.ndarray:
    array = np.zeros((9, 30, 30), np.uint8)
    array[0, 5:25, 5:25] = L1
    array[8, 11:19, 11:19] = L1
    return np.moveaxis(array, 0, axis).copy()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_gap_is_filled_with_shapes_that_change_evenly(axis):
    before = two_squares(axis)
    after = np.moveaxis(fill_between_slices(mask(before), L1).array, axis, 0)
    areas = (after == L1).sum(axis=(1, 2))
    assert (np.diff(areas) <= 0).all()
    assert areas[4] == pytest.approx(14 * 14, rel=0.25), "half way, the side is about half way between 20 and 8"
    assert np.array_equal(np.moveaxis(before, axis, 0)[[0, 8]], after[[0, 8]])


def test_other_structures_keep_their_voxels_and_the_input_is_not_changed():
    array = two_squares(0)
    array[4, 14, 14] = L2
    copy = array.copy()
    after = fill_between_slices(mask(array), L1).array
    assert after[4, 14, 14] == L2
    assert np.array_equal(array, copy)


def test_without_a_gap_it_is_refused():
    array = np.zeros((5, 5, 5), np.uint8)
    array[1:3, 1:3, 1:3] = L1
    with pytest.raises(LabelError, match="nothing to fill"):
        fill_between_slices(mask(array), L1)
