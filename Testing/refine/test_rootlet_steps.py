"""Spinal levels from rootlets and cord; rootlets where none can be."""

import numpy as np
import pytest
from small_masks import label_map

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import read_labels, reorient
from SpineGTRefineLib.refine import spinal_levels, zero_below

C4, C5, C6, C7 = 4, 5, 6, 7

PAM50_SLICES = {
    "spinal_level_C2": (962, 963),
    "spinal_level_C3": (910, 937),
    "spinal_level_C4": (880, 901),
    "spinal_level_C5": (850, 867),
    "spinal_level_C6": (817, 835),
    "spinal_level_C7": (786, 804),
    "spinal_level_C8": (752, 774),
    "spinal_level_T1": (724, 736),
}
"""What the original script finds on the PAM50 template, which it dilates by three voxels of 0.5 mm."""


def masks(stretches, spacing=(1.0, 1.0, 1.0), length=60):
    """A straight cord with rootlets of given levels at given slices (z counts from the feet)."""
    cord, rootlets = np.zeros((11, 11, length), np.uint8), np.zeros((11, 11, length), np.uint8)
    cord[4:7, 4:7] = 1
    for level, first, last in stretches:
        rootlets[3, 5, first : last + 1] = level
        rootlets[0, 5, first - 2 : last + 1] = level  # far from the cord: its end does not count
    return label_map(rootlets, "rootlets", spacing), label_map(cord, "cord", spacing)


def slices_of(result):
    return {key.removeprefix("spinal_level_"): span for key, span in result.slices.items()}


def test_levels_of_the_real_template_are_those_of_the_original_script(shared_data):
    folder = shared_data / "pam50"
    rootlets = read_labels(folder / "PAM50_rootlets.nii.gz", scheme("rootlets"))
    cord = read_labels(folder / "PAM50_cord.nii.gz", scheme("cord"))
    result = spinal_levels(rootlets, cord)
    assert result.slices == PAM50_SLICES
    assert result.remarks == ()
    coloured = result.labels.array
    assert not coloured[cord.array == 0].any()
    for key, (low, high) in PAM50_SLICES.items():
        value = result.labels.scheme.value_of(key)
        np.testing.assert_array_equal(np.flatnonzero((coloured == value).any(axis=(0, 1))), np.arange(low, high + 1))


def test_the_levels_of_the_template_overlap_its_published_levels(shared_data):
    folder = shared_data / "pam50"
    rootlets = read_labels(folder / "PAM50_rootlets.nii.gz", scheme("rootlets"))
    cord = read_labels(folder / "PAM50_cord.nii.gz", scheme("cord"))
    published = read_labels(folder / "PAM50_spinal_levels.nii.gz", scheme("spinal_levels")).array
    coloured = spinal_levels(rootlets, cord).labels.array
    expected = {2: 9.7, 3: 67.7, 4: 58.5, 5: 55.7, 6: 54.5, 7: 53.3, 8: 55.3, 9: 36.7}
    share = {
        level: 100 * ((coloured == level) & (published == level)).sum() / (published == level).sum()
        for level in expected
    }
    assert share == pytest.approx(expected, abs=1.0)


def test_millimetres_decide_which_rootlets_enter_the_cord():
    rootlets, cord = masks([(C5, 20, 30)], spacing=(2.0, 2.0, 1.0))
    far = spinal_levels(rootlets, cord, reach_mm=1.5)
    assert far.slices == {}
    assert far.remarks == ("The C5 rootlets nowhere come within 1.5 mm of the cord.",)
    assert slices_of(spinal_levels(rootlets, cord, reach_mm=2.0)) == {"C5": (20, 30)}


def test_what_holds_for_several_levels_is_said_once():
    rootlets, cord = masks([(C5 - 1, 28, 32), (C5, 20, 24), (C5 + 1, 12, 16)], spacing=(2.0, 2.0, 1.0))
    far = spinal_levels(rootlets, cord, reach_mm=1.5)
    assert far.remarks == ("The C4, C5 and C6 rootlets nowhere come within 1.5 mm of the cord.",)
    rootlets, cord = masks([(C5, 28, 32), (C5 + 3, 12, 16)])
    assert spinal_levels(rootlets, cord).remarks == (
        "The C6 and C7 spinal levels were not found, but those above and below.",
    )


def test_cord_between_two_levels_is_left_shared_or_given_to_the_level_below():
    rootlets, cord = masks([(C5, 40, 45), (C6, 30, 35)])
    assert slices_of(spinal_levels(rootlets, cord)) == {"C5": (40, 45), "C6": (30, 35)}
    assert slices_of(spinal_levels(rootlets, cord, gaps="middle")) == {"C5": (38, 45), "C6": (30, 37)}
    assert slices_of(spinal_levels(rootlets, cord, gaps="below")) == {"C5": (40, 45), "C6": (30, 39)}


def test_the_gap_of_a_missing_level_stays_open_and_is_told():
    rootlets, cord = masks([(C4, 48, 52), (C6, 30, 35)])
    result = spinal_levels(rootlets, cord, gaps="below")
    assert slices_of(result) == {"C4": (48, 52), "C6": (30, 35)}
    assert any("C5" in remark for remark in result.remarks)


def test_levels_that_overlap_share_the_slices():
    rootlets, cord = masks([(C5, 30, 45)])
    array = rootlets.array.copy()
    array[7, 5, 22:34] = C6
    result = spinal_levels(rootlets.with_array(array), cord)
    assert slices_of(result) == {"C5": (32, 45), "C6": (22, 31)}


def test_a_short_level_inside_a_long_one_keeps_its_slice():
    rootlets, cord = masks([(C5, 30, 45)])
    array = rootlets.array.copy()
    array[7, 5, 31] = C6
    assert slices_of(spinal_levels(rootlets.with_array(array), cord))["C6"] == (31, 31)


def test_a_level_that_the_model_found_twice_keeps_its_main_place_and_is_told():
    rootlets, cord = masks([(C5, 40, 45), (C6, 30, 35)])
    array = rootlets.array.copy()
    array[7, 5, 8:10] = C5
    result = spinal_levels(rootlets.with_array(array), cord)
    assert slices_of(result)["C5"] == (40, 45)
    assert any("2 places" in remark and "C5" in remark for remark in result.remarks)


def test_levels_in_the_wrong_order_are_told():
    rootlets, cord = masks([(C6, 40, 45), (C5, 30, 35)])
    assert any("below" in remark for remark in spinal_levels(rootlets, cord).remarks)


@pytest.mark.parametrize("axcodes", ["LPI", "PIR", "SRA"])
def test_the_storage_order_of_the_file_does_not_matter(axcodes):
    rootlets, cord = masks([(C5, 40, 45), (C6, 30, 37), (C7, 20, 31)])
    expected = spinal_levels(rootlets, cord, gaps="middle").labels.array
    turned = spinal_levels(reorient(rootlets, axcodes), reorient(cord, axcodes), gaps="middle")
    np.testing.assert_array_equal(reorient(turned.labels, "RAS").array, expected)


def test_masks_without_rootlets_or_cord_give_no_level():
    rootlets, cord = masks([(C5, 40, 45)])
    empty = cord.with_array(np.zeros_like(cord.array))
    assert spinal_levels(rootlets, empty).slices == {}
    assert spinal_levels(rootlets.with_array(empty.array), cord).slices == {}


def test_a_cord_is_no_rootlets_and_an_unknown_way_is_refused():
    rootlets, cord = masks([(C5, 40, 45)])
    with pytest.raises(UsageError, match="Rootlets are needed"):
        spinal_levels(cord, cord)
    with pytest.raises(UsageError, match="gaps"):
        spinal_levels(rootlets, cord, gaps="fill")


@pytest.mark.parametrize("axcodes", ["RAS", "PIR", "LPS"])
def test_rootlets_below_a_landmark_go_and_those_beside_it_stay(axcodes):
    rootlets, _ = masks([(C5, 40, 45), (C7, 5, 9)])
    points = np.zeros(rootlets.array.shape, np.uint8)
    points[5, 5, 42] = 8
    landmarks = label_map(points, "sct_discs")
    key = landmarks.scheme[8].structure.key
    kept = zero_below(reorient(rootlets, axcodes), key, reorient(landmarks, axcodes))
    kept = reorient(kept, "RAS").array
    assert not kept[:, :, :42].any()
    np.testing.assert_array_equal(kept[:, :, 42:], rootlets.array[:, :, 42:])


def test_a_landmark_that_is_not_there_is_refused():
    rootlets, _ = masks([(C5, 40, 45)])
    with pytest.raises(UsageError, match="not in the map"):
        zero_below(rootlets, "rootlets_C8")
