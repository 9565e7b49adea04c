import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from SpineGTRefineLib.errors import GeometryError, LabelError
from SpineGTRefineLib.refine import joint_histogram

SMALL = hnp.arrays(np.uint16, (3, 4, 5), elements=st.sampled_from([0, 1, 2, 7, 126, 65535]))


@given(SMALL, SMALL)
def test_every_pair_of_values_is_counted_as_a_loop_would_count_it(first, second):
    table = joint_histogram(first, second)
    for a in [0, 1, 2, 7, 126, 65535]:
        for b in [0, 1, 2, 7, 126, 65535]:
            assert table.shared(a, b) == np.count_nonzero((first == a) & (second == b))
    assert table.voxels.sum() == first.size
    assert table.row_size(7) == np.count_nonzero(first == 7)
    assert table.column_size(7) == np.count_nonzero(second == 7)


@given(SMALL, SMALL)
def test_storage_order_and_views_do_not_change_the_counts(first, second):
    expected = joint_histogram(first, second).voxels
    for a, b in [
        (np.asfortranarray(first), np.asfortranarray(second)),
        (np.asfortranarray(first), second),
        (first[::-1, :, ::-1], second[::-1, :, ::-1]),
        (first.transpose(2, 0, 1), second.transpose(2, 0, 1)),
    ]:
        np.testing.assert_array_equal(joint_histogram(a, b).voxels, expected)


def test_dice_of_equal_disjoint_and_half_shared_structures():
    first, second = np.array([1, 1, 2, 2, 0, 3]), np.array([5, 5, 6, 0, 6, 0])
    table = joint_histogram(first, second)
    dice = dict(zip(table.rows.tolist(), table.dice().tolist(), strict=True))
    assert dice[1] == [0.0, 1.0, 0.0]
    assert dice[2][2] == 0.5
    assert dice[3][1:] == [0.0, 0.0]


def test_arrays_of_different_shapes_are_refused():
    with pytest.raises(GeometryError, match="cannot be compared"):
        joint_histogram(np.zeros((2, 3), int), np.zeros((3, 2), int))


@pytest.mark.parametrize("bad", [np.full((2,), -1), np.full((2,), 70000), np.full((2,), 0.5)])
def test_what_is_no_label_map_is_refused(bad):
    with pytest.raises(LabelError):
        joint_histogram(bad, np.zeros(2, int))
