"""The difference of two masks is counted from their voxels, never assumed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_volumes import label_map, label_maps

from SpineGTRefineLib.errors import GeometryError
from SpineGTRefineLib.imaging import LabelMap, label_difference, reorient


@given(label_maps(largest=40000), st.integers(0, 2**16))
def test_every_row_is_what_a_plain_count_gives(after: LabelMap, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = after.with_array(np.where(rng.random(after.array.shape) < 0.6, after.array, rng.permutation(after.array)))
    found = label_difference(before, after)
    assert found.changed_voxels == np.count_nonzero(before.array != after.array)
    assert [row.value for row in found.values] == sorted(set(before.values()) | set(after.values()))
    for row in found.values:
        old, new = before.array == row.value, after.array == row.value
        assert (row.voxels_before, row.voxels_after) == (old.sum(), new.sum())
        assert (row.added, row.removed) == ((new & ~old).sum(), (old & ~new).sum())
        assert row.dice == pytest.approx(2 * (new & old).sum() / (new.sum() + old.sum()))


def test_a_mask_that_was_looked_at_but_not_changed_is_not_edited() -> None:
    labels = label_map()
    found = label_difference(labels, labels.with_array(labels.array.astype(np.uint16)))
    assert not found.edited
    assert all(row.dice == 1 for row in found.values)


def test_one_changed_voxel_is_an_edit() -> None:
    array = label_map().array.copy()
    array[0, 0, 0] = 41 if array[0, 0, 0] != 41 else 92
    found = label_difference(label_map(), label_map().with_array(array))
    assert found.edited
    assert found.changed_voxels == 1
    assert sum(row.added for row in found.values) + sum(row.removed for row in found.values) in (1, 2)


def test_the_first_mask_is_all_new() -> None:
    after = label_map()
    found = label_difference(None, after)
    assert found.changed_voxels == np.count_nonzero(after.array)
    assert {row.value: row.added for row in found.values} == after.counts()
    assert all((row.voxels_before, row.removed, row.dice) == (0, 0, 0) for row in found.values)


def test_a_difference_counts_values_beyond_the_fast_path() -> None:
    labels = label_map()
    huge = labels.with_array(labels.array.astype(np.uint32) * 40_000_000)
    found = label_difference(None, huge)
    assert {row.value // 40_000_000: row.voxels_after for row in found.values} == labels.counts()


def test_masks_on_different_grids_are_not_compared() -> None:
    with pytest.raises(GeometryError):
        label_difference(label_map(), reorient(label_map(), "LPS"))
