"""The whole canal and the canal without the cord."""

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import join_canal, split_canal
from SpineGTRefineLib.errors import GeometryError


def test_splitting_and_joining_with_a_cord_inside_the_canal_gives_the_canal_back():
    whole = np.zeros((6, 6, 2), dtype=np.uint8)
    whole[1:5, 1:5] = 1
    cord = np.zeros_like(whole)
    cord[2:4, 2:4] = 1
    rest = split_canal(whole, cord)
    assert rest.sum() == whole.sum() - cord.sum()
    assert not (rest & (cord > 0)).any()
    assert np.array_equal(join_canal(rest, cord), whole > 0)


def test_a_cord_outside_the_canal_belongs_to_the_joined_canal_and_changes_no_split():
    canal, cord = np.array([1, 1, 0]), np.array([0, 1, 1])
    assert split_canal(canal, cord).tolist() == [True, False, False]
    assert join_canal(canal, cord).tolist() == [True, True, True]


def test_masks_of_two_grids_are_refused():
    with pytest.raises(GeometryError, match=r"\(3,\)"):
        split_canal(np.zeros(2), np.zeros(3))
