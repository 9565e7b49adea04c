"""Gray and white matter of two masks never add up to a third value; a slice keeps its place."""

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, LabelError
from SpineGTRefineLib.imaging import Geometry, LabelMap, crop
from SpineGTRefineLib.refine.matter import combine_matter, labeled_slices

GRID = Geometry((6, 5, 8), np.diag([0.05, 0.05, 0.1, 1.0]))


def mask(*places, grid=GRID):
    array = np.zeros(grid.shape, np.uint8)
    for place in places:
        array[place] = 255  # as many tools write a mask
    return LabelMap(array, grid, scheme("cord"))


def test_gray_is_one_and_white_is_two():
    made = combine_matter(mask((1, 1, 2)), mask((2, 1, 2), (3, 1, 2)))
    assert made.counts() == {1: 1, 2: 2}
    assert made.scheme.name == "gmwm"


def test_an_overlap_is_refused_with_its_size_or_decided_by_a_rule_and_never_becomes_three():
    gray, white = mask((1, 1, 2), (2, 1, 2)), mask((2, 1, 2), (3, 1, 2))
    with pytest.raises(LabelError, match=r"overlap in 1 voxel"):
        combine_matter(gray, white)
    assert combine_matter(gray, white, "gm").counts() == {1: 2, 2: 1}
    assert combine_matter(gray, white, "wm").counts() == {1: 1, 2: 2}
    with pytest.raises(LabelError, match="no rule 'both'"):
        combine_matter(gray, white, "both")


def test_masks_of_two_grids_are_refused():
    other = Geometry(GRID.shape, np.diag([1.0, 1.0, 1.0, 1.0]))
    with pytest.raises(GeometryError, match="different grids"):
        combine_matter(mask((1, 1, 2)), mask((2, 1, 2), grid=other))


def test_each_labeled_slice_keeps_its_own_place_and_three_axes():
    labels = combine_matter(mask((1, 1, 2), (1, 1, 6)), mask((2, 1, 2)))
    boxes = labeled_slices(labels)
    assert [box.start[2] for box in boxes] == [2, 6]
    for box in boxes:
        cut = crop(labels, box)
        assert cut.geometry.shape == (6, 5, 1)
        assert cut.geometry.affine[2, 3] == pytest.approx(0.1 * box.start[2])


def test_cutting_slices_off_changes_no_original():
    labels = mask((1, 1, 2), (1, 1, 6))
    before = labels.array.copy()
    cut = crop(labels, labeled_slices(labels)[0])
    assert np.array_equal(labels.array, before)
    assert labels.geometry is GRID
    assert cut.geometry is not GRID
