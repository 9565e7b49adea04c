"""Proposals: nothing of a person's mask changes until it is adopted, and then exactly the chosen part."""

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, UsageError
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.review.proposals import Proposal, Scope, adopted, compare

SPINE = scheme("spine")
GRID = Geometry((10, 10, 10), np.eye(4))
L1, L2, DISC = SPINE.value_of("vertebra_L1"), SPINE.value_of("vertebra_L2"), SPINE.value_of("disc_L1-L2")


def mask(**boxes):
    array = np.zeros(GRID.shape, np.uint8)
    for key, place in boxes.items():
        array[place] = {"l1": L1, "l2": L2, "disc": DISC}[key]
    return LabelMap(array, GRID, SPINE)


CURRENT = mask(l1=np.s_[1:4, :, :5], l2=np.s_[6:9, :, :5])
SUGGESTED = Proposal(mask(l1=np.s_[2:5, :, :5], disc=np.s_[5:7, :, :5]), "a model")


def test_the_comparison_tells_what_adopting_would_change():
    rows = {row.value: row for row in compare(CURRENT, SUGGESTED).values}
    assert (rows[L1].added, rows[L1].removed) == (50, 50)
    assert rows[L2].voxels_after == 0
    assert rows[DISC].voxels_before == 0


def test_adopting_all_gives_the_proposal_and_leaves_both_inputs_alone():
    before = CURRENT.array.copy()
    assert np.array_equal(adopted(CURRENT, SUGGESTED).array, SUGGESTED.labels.array)
    assert np.array_equal(CURRENT.array, before)


def test_adopting_one_structure_makes_it_exactly_the_proposals_and_touches_no_other_beyond_its_voxels():
    result = adopted(CURRENT, SUGGESTED, Scope(structures=frozenset({"disc_L1-L2"}))).array
    assert np.array_equal(result == DISC, SUGGESTED.labels.array == DISC)
    assert np.array_equal(result == L1, CURRENT.array == L1)
    assert np.array_equal(result == L2, (CURRENT.array == L2) & (SUGGESTED.labels.array != DISC))


def test_a_structure_that_the_proposal_lacks_disappears_when_it_is_adopted():
    result = adopted(CURRENT, SUGGESTED, Scope(structures=frozenset({"vertebra_L2"}))).array
    assert not (result == L2).any()
    assert np.array_equal(result == L1, CURRENT.array == L1)


def test_adopting_a_slice_range_changes_these_slices_only():
    result = adopted(CURRENT, SUGGESTED, Scope(axis=2, first=1, last=2)).array
    assert np.array_equal(result[:, :, 1:3], SUGGESTED.labels.array[:, :, 1:3])
    rest = np.r_[0, 3:10]
    assert np.array_equal(result[:, :, rest], CURRENT.array[:, :, rest])


def test_the_undo_text_names_structures_and_slices():
    assert Scope().describe() == "all"
    scope = Scope(frozenset({"vertebra_L1"}), axis=0, first=2, last=4)
    assert scope.describe() == "L1 vertebra in slices 2-4"


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="not among the 10 slices"):
        adopted(CURRENT, SUGGESTED, Scope(axis=1, first=5, last=10))
    moved = Geometry(GRID.shape, np.diag([1, 1, 2, 1]))
    with pytest.raises(GeometryError):
        adopted(CURRENT, Proposal(LabelMap(CURRENT.array, moved, SPINE), "moved"))
    with pytest.raises(UsageError, match="scheme"):
        compare(CURRENT, Proposal(LabelMap(np.zeros(GRID.shape, np.uint8), GRID, scheme("canal")), "canal"))
