"""Canal and cord: dents of the canal filled, the canal taken away from bone, the cord kept inside."""

import numpy as np
import pytest
from small_masks import label_map

from SpineGTRefineLib.errors import GeometryError, LabelError, UsageError
from SpineGTRefineLib.imaging import reorient
from SpineGTRefineLib.refine import canal_around_cord, cord_inside_canal, expand, fill_canal, subtract_canal

CORD, CANAL, L1 = 1, 2, 41


@pytest.fixture
def ring():
    """A canal in axial slices with a hole, a dent, and a vertebra that reaches into another dent."""
    labels = np.zeros((11, 11, 4), np.uint8)
    labels[2:9, 2:9, 1:3] = CANAL
    labels[5, 5, 1:3] = 0
    labels[2:4, 5, 1:3] = 0
    labels[7:11, 5, 1:3] = L1
    return labels


def test_holes_and_dents_of_the_canal_are_filled_and_no_vertebra_is_overwritten(ring):
    filled = fill_canal(label_map(ring)).array
    assert (filled[5, 5, 1:3] == CANAL).all()
    assert (filled[3, 5, 1:3] != 0).sum() == 0  # open to the left: nothing lies beyond it
    np.testing.assert_array_equal(filled == L1, ring == L1)
    assert not filled[:, :, [0, 3]].any()


def test_a_dent_behind_is_filled_as_the_canal_lies_on_both_sides():
    labels = np.zeros((9, 9, 1), np.uint8)
    labels[1:8, 2:8, 0] = 1
    labels[3:6, 4, 0] = 0
    assert fill_canal(label_map(labels, "canal")).array[3:6, 4, 0].all()


def test_the_storage_order_of_the_file_does_not_matter(ring):
    expected = fill_canal(label_map(ring))
    turned = fill_canal(reorient(label_map(ring), "PIR"))
    np.testing.assert_array_equal(reorient(turned, "RAS").array, expected.array)


def test_a_mask_without_canal_is_refused():
    with pytest.raises(UsageError, match="no canal"):
        fill_canal(label_map(np.zeros((2, 2, 2), np.uint8), "sacrum"))


@pytest.fixture
def vertebra_and_canal():
    labels = np.zeros((12, 6, 3), np.uint8)
    labels[0:10] = L1
    labels[10, 0, 0] = CORD
    canal = np.zeros(labels.shape, np.uint8)
    canal[7:9] = 1
    canal[10, 0, 0] = 1
    return label_map(labels), label_map(canal, "canal")


def test_the_canal_is_cut_out_of_bone_and_the_cord_of_the_map_stays(vertebra_and_canal):
    spine, canal = vertebra_and_canal
    cut = subtract_canal(spine, canal)
    assert not cut.array[7:9].any()
    assert cut.array[10, 0, 0] == CORD
    assert cut.counts()[L1] == 8 * 18


def test_specks_that_the_cut_leaves_go_if_asked_for_but_never_a_whole_structure(vertebra_and_canal):
    spine, canal = vertebra_and_canal
    assert subtract_canal(spine, canal, speck_mm3=20).counts()[L1] == 7 * 18
    assert subtract_canal(spine, canal, speck_mm3=1e6).counts()[L1] == 7 * 18


def test_a_canal_of_another_grid_is_refused(vertebra_and_canal):
    spine, canal = vertebra_and_canal
    with pytest.raises(GeometryError, match="canal"):
        subtract_canal(spine, label_map(canal.array, "canal", spacing=(1, 1, 2)))


def test_the_cord_stays_inside_the_canal_or_the_canal_goes_around_the_cord():
    cord, canal = np.zeros((7, 7, 4), np.uint8), np.zeros((7, 7, 4), np.uint8)
    cord[2:6, 2:5], canal[1:5, 1:6, :3] = 1, 1
    cord, canal = label_map(cord, "cord"), label_map(canal, "canal")
    inside = cord_inside_canal(cord, canal).array
    assert not inside[5, :, :3].any()
    assert inside[2:6, 2:5, 3].all()  # the canal was not drawn there
    wide = canal_around_cord(canal, cord).array
    assert wide[cord.array != 0].all()
    assert wide[canal.array != 0].all()


def test_what_is_no_canal_is_refused_and_of_a_whole_map_only_its_canal_is_taken_away(vertebra_and_canal):
    vertebra, canal = vertebra_and_canal
    with pytest.raises(UsageError, match="scheme 'sacrum' has no canal"):
        subtract_canal(vertebra, label_map(canal.array, "sacrum"))
    with pytest.raises(LabelError, match=r"values \[41\]"):
        subtract_canal(vertebra, canal.with_array(vertebra.array * (vertebra.array == L1)))
    whole = vertebra.with_array(np.where(canal.array != 0, CANAL, vertebra.array))
    np.testing.assert_array_equal(subtract_canal(vertebra, whole).array, subtract_canal(vertebra, canal).array)
    np.testing.assert_array_equal(cord_inside_canal(canal, whole).array, canal.array)


def test_one_structure_may_be_named_without_a_list():
    labels = label_map(np.pad(np.full((1, 1, 1), L1, np.uint8), 2))
    np.testing.assert_array_equal(expand(labels, 1, only="vertebra_L1").array, expand(labels, 1).array)
