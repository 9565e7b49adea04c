"""Rootlets without a level get the level that the canal has there."""

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import Geometry, LabelMap, reorient
from SpineGTRefineLib.refine import name_rootlets

C4, C5, C6 = 4, 5, 6
GRID = Geometry((8, 8, 40), np.diag([0.8, 0.8, 0.8, 1.0]))


def threads_and_levels():
    """Two threads through all slices; C6 in slices 5 to 14, C5 in 15 to 24, C4 in 25 to 34 (the head is up)."""
    levels = np.zeros(GRID.shape, np.uint8)
    for value, first in ((C6, 5), (C5, 15), (C4, 25)):
        levels[1:7, 1:7, first : first + 10] = value
    rootlets = np.zeros(GRID.shape, np.uint8)
    rootlets[2, 2], rootlets[5, 5] = 1, 1
    return LabelMap(rootlets, GRID, scheme("rootlets_unnamed")), LabelMap(levels, GRID, scheme("spinal_levels"))


def level_of_slices(labels):
    return labels.array.max(axis=(0, 1)).tolist()


def test_each_rootlet_gets_the_level_of_its_slice_and_those_beyond_are_left_out_and_counted():
    named = name_rootlets(*threads_and_levels())
    assert named.labels.scheme.name == "rootlets"
    assert level_of_slices(named.labels) == [0] * 5 + [C6] * 10 + [C5] * 10 + [C4] * 10 + [0] * 5
    assert named.unnamed == 2 * 10


def test_levels_that_are_wrong_in_some_voxels_and_slices_are_put_in_their_order():
    threads, levels = threads_and_levels()
    wrong = levels.array.copy()
    noise = np.random.default_rng(0)
    wrong[(noise.random(GRID.shape) < 0.3) & (wrong > 0)] = 9
    wrong[1:7, 1:7, 18] = C6
    wrong[1:7, 1:7, 30] = 0
    named = name_rootlets(threads, levels.with_array(wrong))
    assert np.array_equal(named.labels.array, name_rootlets(threads, levels).labels.array)


@pytest.mark.parametrize("letters", ["LPI", "ASR", "PIR"])
def test_the_storage_of_the_voxels_does_not_matter(letters):
    expected = name_rootlets(*threads_and_levels())
    named = name_rootlets(*(reorient(mask, letters) for mask in threads_and_levels()))
    assert np.array_equal(reorient(named.labels, "RAS").array, expected.labels.array)
    assert np.array_equal(named.levels * (named.labels.array > 0), named.labels.array)


def test_without_levels_nothing_gets_a_name_and_another_map_is_refused():
    threads, levels = threads_and_levels()
    assert not name_rootlets(threads, levels.with_array(np.zeros_like(levels.array))).labels.array.any()
    with pytest.raises(UsageError, match="Spinal levels are needed"):
        name_rootlets(threads, threads)
