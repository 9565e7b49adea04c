"""Acts on a mask: each says what it did, changes what it says and nothing else."""

import numpy as np
import pytest
from review_world import SHAPE, SPINE, spine

from SpineGTRefineLib.errors import LabelError, UsageError
from SpineGTRefineLib.review import operations as act

L4, L3, L2, L1 = (SPINE.scheme.value_of(f"vertebra_L{n}") for n in (4, 3, 2, 1))
L5, T12 = SPINE.scheme.value_of("vertebra_L5"), SPINE.scheme.value_of("vertebra_T12")


def done(operation, labels=None):
    labels = labels or spine()
    before = labels.array.copy()
    result = operation.function(labels)
    assert np.array_equal(labels.array, before), "the mask that was given is unchanged"
    return result.array


def test_a_whole_chain_moves_by_one_level():
    operation = act.shift_levels("vertebra_L1", +1)
    assert operation.text == "shift levels +1 from L1 vertebra"
    expected = spine().array.copy()
    for old, new in ((L4, L5), (L3, L4), (L2, L3), (L1, L2)):
        expected[spine().array == old] = new
    assert np.array_equal(done(operation), expected)


def test_two_levels_change_places():
    result = done(act.swap_levels("vertebra_L1", "vertebra_L4"))
    assert np.array_equal(result == L1, spine().array == L4)
    assert np.array_equal(result == L2, spine().array == L2)


def test_a_structure_gets_another_name_only_if_that_is_free():
    assert np.array_equal(done(act.relabel("vertebra_L1", "vertebra_T12")) == T12, spine().array == L1)
    with pytest.raises(UsageError, match="twice"):
        done(act.relabel("vertebra_L1", "vertebra_L2"))
    with pytest.raises(LabelError, match="not in this mask"):
        done(act.relabel("vertebra_C2", "vertebra_C3"))
    with pytest.raises(LabelError, match="no value"):
        done(act.relabel("vertebra_L1", "rootlets_C2"))


def test_parts_become_one():
    result = done(act.merge("vertebra_L1", "vertebra_L2"))
    assert np.array_equal(result == L2, (spine().array == L1) | (spine().array == L2))
    with pytest.raises(LabelError, match="not in this mask"):
        done(act.merge("vertebra_C2", "vertebra_L2"))


def test_a_fragment_goes_to_its_level_alone():
    labels = spine()
    array = labels.array.copy()
    array[0, 0, :3] = L2
    result = done(act.merge_fragment((0, 0, 1), "vertebra_L4"), labels.with_array(array))
    assert (result[0, 0, :3] == L4).all()
    assert np.array_equal(result == L2, spine().array == L2)
    for index in ((0, 0, SHAPE[2]), (-1, 0, 0), (0, 0)):
        with pytest.raises(UsageError, match="no voxel"):
            done(act.merge_fragment(index, "vertebra_L4"))


def test_stray_pieces_are_erased():
    labels = spine()
    array = labels.array.copy()
    array[0, 0, :3] = L2
    assert np.array_equal(done(act.keep_largest_piece("vertebra_L2"), labels.with_array(array)), spine().array)


def test_slices_are_cleared_for_all_or_some():
    result = done(act.clear_slices(2, 0, 14))
    assert not result[:, :, :15].any()
    assert np.array_equal(result[:, :, 15:], spine().array[:, :, 15:])
    some = done(act.clear_slices(2, 0, 14, ["vertebra_L4"]))
    assert np.array_equal(some, np.where(spine().array == L4, 0, spine().array))
    with pytest.raises(UsageError, match="not among"):
        done(act.clear_slices(2, 0, SHAPE[2]))


def test_a_slice_is_copied_and_takes_no_voxel_of_others():
    result = done(act.copy_slice(2, 3, 9))
    assert np.array_equal(result[:, :, 9], spine().array[:, :, 3])
    some = done(act.copy_slice(2, 3, 13, ["vertebra_L4"]))
    assert np.array_equal(some, spine().array), "L3 has these voxels"


def test_nothing_is_left_after_starting_from_empty():
    assert not done(act.start_from_empty()).any()
    assert not (done(act.clear_structures(["vertebra_L1"])) == L1).any()


def test_only_structures_of_the_scheme_can_be_painted():
    region = np.zeros(SHAPE, bool)
    region[0:4, 5, 2] = True
    assert (done(act.paint(region, "sacrum"))[region] == SPINE.scheme.value_of("sacrum")).all()
    beside = done(act.paint(region, "sacrum", over=False))
    assert np.array_equal(beside == L4, spine().array == L4)
    assert not done(act.erase(region))[region].any()
    with pytest.raises(LabelError, match="no value"):
        done(act.paint(region, "rootlets_C2"))
    with pytest.raises(UsageError, match="shape"):
        done(act.paint(region[1:], "sacrum"))
    keys = {entry.structure.key for entry in act.addable_structures(spine())}
    assert "sacrum" in keys
    assert "vertebra_L1" not in keys
