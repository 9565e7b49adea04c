"""Level repairs: one act instead of painting twenty vertebrae, and never two vertebrae under one label."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.refine.levels import merge, merge_fragment, rename, shift_levels, swap_levels

SPINE = scheme("spine")


def column(*keys: str) -> LabelMap:
    """A column of one voxel per structure, from head to tail, with a gap of background between."""
    array = np.zeros((3, 3, 2 * len(keys)), np.uint8)
    for n, key in enumerate(keys):
        array[1, 1, 2 * n] = SPINE.value_of(key)
    return LabelMap(array, Geometry(array.shape, np.diag([1, 1, -1, 1])), SPINE)


def keys_of(labels: LabelMap) -> list[str]:
    return [SPINE[int(v)].structure.key for v in labels.array[1, 1] if v]


def spine_of(*levels: str) -> list[str]:
    keys = []
    for upper, lower in zip(levels, [*levels[1:], None], strict=True):
        keys.append(f"vertebra_{upper}")
        if lower is not None:
            keys.append(f"disc_{upper}-{lower}")
    return keys


def test_shifting_down_from_a_level_renames_it_and_all_below_with_their_discs():
    before = column(*spine_of("T3", "T4", "T5", "T6"))
    after = shift_levels(before, "vertebra_T5", +1)
    assert keys_of(after) == [
        "vertebra_T3", "disc_T3-T4", "vertebra_T4", "disc_T4-T5", "vertebra_T6", "disc_T6-T7", "vertebra_T7",
    ]  # fmt: skip


def test_shifting_up_closes_a_gap():
    before = column("vertebra_C5", "disc_C5-C6", "vertebra_C7", "disc_C7-T1", "vertebra_T1")
    after = shift_levels(before, "vertebra_C7", -1)
    assert keys_of(after) == ["vertebra_C5", "disc_C5-C6", "vertebra_C6", "disc_C6-C7", "vertebra_C7"]


def test_the_disc_on_top_of_a_misnamed_chain_moves_along():
    """As in a mask that counts one too many from L2 on: its disc below L1 is called L2-L3, though there is no L2."""
    before = column("vertebra_L1", "disc_L2-L3", "vertebra_L3", "disc_L3-L4", "vertebra_L4")
    after = shift_levels(before, "vertebra_L3", -1)
    assert keys_of(after) == ["vertebra_L1", "disc_L1-L2", "vertebra_L2", "disc_L2-L3", "vertebra_L3"]
    at_the_top_of_the_image = shift_levels(column("disc_T4-T5", "vertebra_T5"), "vertebra_T5", +1)
    assert keys_of(at_the_top_of_the_image) == ["disc_T5-T6", "vertebra_T6"]


def test_the_region_changes_on_the_way():
    after = shift_levels(column(*spine_of("T11", "T12", "L1")), "vertebra_T11", +1)
    assert keys_of(after) == ["vertebra_T12", "disc_T12-L1", "vertebra_L1", "disc_L1-L2", "vertebra_L2"]


def test_the_lumbosacral_disc_and_the_sacrum_keep_their_labels():
    before = column("vertebra_L3", "disc_L3-L4", "vertebra_L4", "disc_L-S", "sacrum")
    after = shift_levels(before, "vertebra_L3", +1)
    assert keys_of(after) == ["vertebra_L4", "disc_L4-L5", "vertebra_L5", "disc_L-S", "sacrum"]


def test_l5_moves_to_l6_which_not_everybody_has():
    before = column("vertebra_L4", "disc_L4-L5", "vertebra_L5", "disc_L-S", "sacrum")
    after = shift_levels(before, "vertebra_L4", +1)
    assert keys_of(after) == ["vertebra_L5", "disc_L5-L6", "vertebra_L6", "disc_L-S", "sacrum"]


def test_t13_counts_only_where_it_is_present():
    assert keys_of(shift_levels(column("vertebra_T12"), "vertebra_T12", +1)) == ["vertebra_L1"]
    before = column("vertebra_T11", "disc_T11-T12", "vertebra_T12", "disc_T12-T13", "vertebra_T13")
    with_t13 = shift_levels(before, "vertebra_T11", +1)
    assert keys_of(with_t13) == ["vertebra_T12", "disc_T12-T13", "vertebra_T13", "disc_T13-L1", "vertebra_L1"]


def test_a_shift_onto_a_level_that_stays_is_refused_with_a_way_out():
    before = column(*spine_of("T4", "T5"))
    with pytest.raises(UsageError, match="twice") as caught:
        shift_levels(before, "vertebra_T5", -1)
    assert "merge" in caught.value.remedy


def test_there_is_no_level_beyond_the_ends():
    with pytest.raises(UsageError, match="no level beyond"):
        shift_levels(column("vertebra_C1"), "vertebra_C1", -1)
    with pytest.raises(UsageError, match="not a vertebra of this mask"):
        shift_levels(column("vertebra_C1"), "vertebra_C4", 1)
    with pytest.raises(UsageError, match="not a vertebra"):
        shift_levels(column("sacrum"), "sacrum", 1)


LEVELS = [*(f"C{n}" for n in range(1, 8)), *(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 6))]


@given(start=st.integers(0, 20), length=st.integers(1, 8), by=st.sampled_from([-1, 1]))
def test_a_shift_and_its_opposite_restore_the_mask(start, length, by):
    levels = LEVELS[max(start, 1) : start + length + 1][:length] or ["T5"]
    before = column(*(f"vertebra_{level}" for level in levels))
    first = f"vertebra_{levels[0]}"
    after = shift_levels(before, first, by)
    assert len(after.values()) == len(before.values())
    back = shift_levels(after, keys_of(after)[0], -by)
    assert np.array_equal(back.array, before.array)


def test_swapping_two_levels():
    after = swap_levels(column(*spine_of("L1", "L2")), "vertebra_L1", "vertebra_L2")
    assert keys_of(after) == ["vertebra_L2", "disc_L1-L2", "vertebra_L1"]
    with pytest.raises(UsageError, match="different kinds"):
        swap_levels(after, "vertebra_L1", "disc_L1-L2")


def test_renaming_onto_a_level_that_exists_is_refused_and_merging_is_not():
    before = column(*spine_of("L1", "L2"))
    with pytest.raises(UsageError, match="twice"):
        rename(before, {"vertebra_L1": "vertebra_L2"})
    assert keys_of(merge(before, "vertebra_L1", "vertebra_L2")) == ["vertebra_L2", "disc_L1-L2", "vertebra_L2"]


def test_only_the_piece_under_the_cursor_changes_its_level():
    before = column("vertebra_L1", "vertebra_L2", "vertebra_L1")
    after = merge_fragment(before, (1, 1, 4), "vertebra_L3")
    assert keys_of(after) == ["vertebra_L1", "vertebra_L2", "vertebra_L3"]
    assert keys_of(before) == ["vertebra_L1", "vertebra_L2", "vertebra_L1"]
    with pytest.raises(UsageError, match="no label"):
        merge_fragment(before, (0, 0, 0), "vertebra_L3")
