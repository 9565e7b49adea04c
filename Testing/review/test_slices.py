"""Slices: named as raters name them, vouched for and adopted in ranges, copied from the neighbor as one step."""

import numpy as np
import pytest
from review_world import GRID, spine

from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import Geometry
from SpineGTRefineLib.review.proposals import Proposal
from SpineGTRefineLib.review.slices import SliceRange, axis_of, copy_from_neighbor, direction_of, usual_direction


@pytest.mark.parametrize("axis", range(3))
def test_a_direction_means_the_same_slices_whatever_the_order_of_the_files_axes(axis):
    order = [axis, (axis + 1) % 3, (axis + 2) % 3]
    turned = Geometry((4, 5, 6), np.column_stack([np.eye(4)[:, [*order, 3]]]))
    assert direction_of(axis_of("sagittal", turned), turned) == "sagittal"
    assert axis_of("sagittal", turned) == order.index(0)


def test_an_image_is_looked_at_as_it_was_recorded():
    assert usual_direction(GRID) == "sagittal", "3 mm from left to right, 2 mm otherwise"
    assert usual_direction(Geometry((9, 9, 9), np.diag([0.5, 0.5, 4.0, 1.0]))) == "axial"
    assert usual_direction(Geometry((9, 9, 9), np.eye(4))) == "sagittal", "what raters of spines look at first"


def test_a_structure_is_copied_from_the_slice_beside_and_nothing_else_changes():
    labels = spine()
    value = labels.scheme.value_of("vertebra_L3")
    emptied = labels.array.copy()
    emptied[5][emptied[5] == value] = 0
    act = copy_from_neighbor("vertebra_L3", 0, 5, -1)
    assert act.text == "copy L3 vertebra from slice 4 to 5"
    np.testing.assert_array_equal(act.function(labels.with_array(emptied)).array, labels.array)


@pytest.mark.parametrize(
    ("index", "step", "reason"), [(0, -1, "no slice beside"), (9, 1, "no slice beside"), (8, 1, "nothing to copy")]
)
def test_what_could_only_erase_is_refused_with_the_reason(index, step, reason):
    with pytest.raises(UsageError, match=reason):
        copy_from_neighbor("vertebra_L3", 0, index, step).function(spine())


def test_a_range_given_backwards_is_the_same_range():
    assert SliceRange(2, 7, 3) == SliceRange(2, 3, 7)
    assert list(SliceRange(2, 7, 6)) == [(2, 6), (2, 7)]


def test_slices_are_vouched_for_and_adopted_by_range(world):
    session = world.session()
    session.open_first()
    bench, chosen = session.bench, SliceRange(0, 3, 4)
    bench.verify(slices=chosen)
    assert set(bench.verified.slices) == {(0, 3), (0, 4)}
    empty = Proposal(bench.labels().with_array(np.zeros_like(bench.labels().array)), "nothing")
    session.adopt(empty, chosen.scope(frozenset({"vertebra_L3"})))
    value = bench.labels().scheme.value_of("vertebra_L3")
    slices = np.unique(np.argwhere(bench.labels().array == value)[:, 0])
    assert slices.tolist() == [2, 5, 6, 7]
    assert session.undo() == "adopt L3 vertebra in slices 3-4 of nothing"
    assert set(bench.verified.slices) == {(0, 3), (0, 4)}, "as it was vouched for"
