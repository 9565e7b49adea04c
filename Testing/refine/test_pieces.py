"""Cleaning of structures: the largest piece, no small pieces, no holes; always all labels of the map at once."""

import numpy as np
import pytest
from scipy import ndimage
from small_masks import label_map, nested_boxes, random_labels

from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.refine import fill_holes, largest_component, remove_small
from SpineGTRefineLib.refine import holes as hole_rules

L1, L2, DISC = 41, 42, 92


def one_by_one(labels, connectivity):
    """The largest piece of each label as the original scripts find it: label after label, whole volume each."""
    kept = np.zeros_like(labels)
    for value in np.unique(labels[labels != 0]):
        pieces, _ = ndimage.label(labels == value, ndimage.generate_binary_structure(3, connectivity))
        kept[pieces == np.bincount(pieces.ravel())[1:].argmax() + 1] = value
    return kept


def filled_by_definition(labels):
    """Who encloses each background voxel: the complement of one label after the other; the innermost one fills."""
    result, smallest = labels.copy(), np.full(labels.shape, np.inf)
    for value in np.unique(labels[labels != 0]):
        complement, count = ndimage.label(labels != value)
        border = np.ones(labels.shape, bool)
        border[1:-1, 1:-1, 1:-1] = False
        for piece in range(1, count + 1):
            shut = complement == piece
            better = shut & (labels == 0) & (shut.sum() < smallest)
            if not (shut & border).any():
                result[better], smallest[better] = value, shut.sum()
    return result


@pytest.mark.parametrize("neighbours", [6, 18, 26])
@pytest.mark.parametrize("seed", range(12))
def test_the_largest_piece_is_the_one_that_a_loop_over_labels_finds(seed, neighbours):
    labels = label_map(random_labels(seed))
    before = labels.array.copy()
    kept = largest_component(labels, connectivity=neighbours)
    np.testing.assert_array_equal(kept.array, one_by_one(before, {6: 1, 18: 2, 26: 3}[neighbours]))
    np.testing.assert_array_equal(labels.array, before)
    assert kept.array.dtype == before.dtype


@pytest.mark.parametrize("seed", range(8))
def test_pieces_agree_with_the_library_that_others_use(seed):
    cc3d = pytest.importorskip("cc3d")
    labels = np.ascontiguousarray(random_labels(seed, largest=12).astype(np.uint16))
    pieces = cc3d.connected_components(labels, connectivity=26)
    sizes = np.bincount(pieces.ravel())
    expected = np.where((sizes >= 4)[pieces], labels, 0)
    small_gone = remove_small(label_map(labels), 4.0, keep_largest=False)
    np.testing.assert_array_equal(small_gone.array, expected)


def test_equal_pieces_are_settled_the_same_way_however_the_file_is_stored():
    labels = np.zeros((5, 5, 5), np.uint8)
    labels[0, 4, 4] = labels[4, 0, 0] = L1
    for stored in (labels, np.asfortranarray(labels)):
        assert np.argwhere(largest_component(label_map(stored)).array).tolist() == [[0, 4, 4]]


def test_only_the_structures_asked_for_are_cleaned():
    labels = np.zeros((9, 3, 3), np.uint8)
    labels[0:3] = L1
    labels[4, 0, 0] = L1
    labels[6:8, 1:] = L2
    labels[8, 0, 0] = L2
    kept = largest_component(label_map(labels), only=["vertebra_L1"], connectivity=6).array
    assert kept[4, 0, 0] == 0
    assert kept[8, 0, 0] == L2


def test_a_large_second_piece_may_stay():
    labels = np.zeros((10, 2, 2), np.uint8)
    labels[0:4], labels[5:7], labels[9, 0, 0] = L1, L1, L1
    kept = largest_component(label_map(labels, spacing=(2, 1, 1)), keep_mm3=16).array
    assert (kept != 0).sum() == 24
    assert largest_component(label_map(labels)).array.sum() == 16 * L1


def test_small_means_cubic_millimetres_and_no_structure_disappears():
    labels = np.zeros((8, 2, 2), np.uint8)
    labels[0:2], labels[4, 0, 0], labels[7, 0, 0] = L1, L1, L2
    fine, coarse = label_map(labels), label_map(labels, spacing=(2, 2, 2))
    assert remove_small(fine, 2).counts() == {L1: 8, L2: 1}
    assert remove_small(coarse, 2).counts() == {L1: 9, L2: 1}
    assert remove_small(fine, 1).counts() == {L1: 9, L2: 1}
    assert remove_small(fine, 2, keep_largest=False).counts() == {L1: 8}


@pytest.mark.parametrize("made", [random_labels, nested_boxes])
@pytest.mark.parametrize("seed", range(80))
def test_a_hole_is_what_one_structure_shuts_off_from_the_outside(made, seed):
    labels = made(seed, count=2 + seed % 3)
    np.testing.assert_array_equal(hole_rules.fill_holes(labels), filled_by_definition(labels))


@pytest.fixture
def nested():
    """A disc in a shell of L1 in a shell of L2, with a hole in each and background between the shells."""
    labels = np.zeros((13, 13, 13), np.uint8)
    labels[1:12, 1:12, 1:12] = L2
    labels[3:10, 3:10, 3:10] = 0
    labels[4:9, 4:9, 4:9] = L1
    labels[5:8, 5:8, 5:8] = DISC
    labels[6, 6, 6] = 0  # in the disc
    labels[4, 4, 5] = 0  # opens into the background between the shells
    labels[2, 6, 6] = 0  # in L2
    return labels


def test_the_inner_structure_fills_its_hole_and_nobody_is_overwritten(nested):
    filled = fill_holes(label_map(nested)).array
    assert filled[6, 6, 6] == DISC
    assert filled[3, 3, 3] == filled[4, 4, 5] == filled[2, 6, 6] == L2
    assert (filled[nested != 0] == nested[nested != 0]).all()
    np.testing.assert_array_equal(fill_holes(label_map(filled)).array, filled)


@pytest.mark.parametrize(("inner", "outer"), [(L1, L2), (L2, L1)])
def test_of_two_shells_the_inner_one_fills_also_where_something_lies_in_the_hole(inner, outer):
    labels = np.zeros((11, 11, 11), np.uint8)
    labels[1:10, 1:10, 1:10] = outer
    labels[3:8, 3:8, 3:8] = inner
    labels[4:7, 4:7, 4:7] = 0
    labels[5, 5, 5] = DISC
    filled = fill_holes(label_map(labels)).array
    assert filled[4, 4, 4] == inner
    assert filled[5, 5, 5] == DISC


def test_a_large_structure_inside_does_not_fill_the_gap_to_the_shell_around_it():
    labels = np.full((15, 15, 15), 50, np.uint8)
    labels[2:13, 2:13, 2:13] = L1
    labels[3:12, 3:12, 3:11] = L2
    labels[3:12, 3:12, 11] = 0
    assert (fill_holes(label_map(labels)).array[3:12, 3:12, 11] == L1).all()


def test_a_hole_that_two_structures_share_belongs_to_neither():
    labels = np.zeros((7, 7, 9), np.uint8)
    labels[1:6, 1:6, 1:4], labels[1:6, 1:6, 4:8] = L1, L2
    labels[3, 3, 3:5] = 0
    np.testing.assert_array_equal(fill_holes(label_map(labels)).array, labels)


def test_holes_of_other_structures_stay_open_if_only_some_are_asked_for(nested):
    filled = fill_holes(label_map(nested), only=["disc_L1-L2"]).array
    assert filled[6, 6, 6] == DISC
    assert filled[2, 6, 6] == 0


def test_a_tunnel_to_the_edge_of_the_image_is_no_hole():
    labels = np.full((5, 5, 5), L1, np.uint8)
    labels[2, 2, :3] = 0
    np.testing.assert_array_equal(fill_holes(label_map(labels)).array, labels)


@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 1, 5), (1, 6, 6)])
@pytest.mark.parametrize("value", [0, L1])
def test_empty_full_and_flat_maps_come_through(shape, value):
    labels = label_map(np.full(shape, value, np.uint8))
    for step in (largest_component, fill_holes, lambda m: remove_small(m, 1)):
        np.testing.assert_array_equal(step(labels).array, labels.array)


def test_what_makes_no_sense_is_refused():
    labels = label_map(np.ones((2, 2, 2), np.uint8))
    with pytest.raises(UsageError, match="6, 18 or 26"):
        largest_component(labels, connectivity=8)
    with pytest.raises(UsageError, match="above 0"):
        remove_small(labels, -3)
