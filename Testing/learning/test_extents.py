"""How far along the cord a level lies, and how much raters differ about it."""

import numpy as np
import pytest
from small_masks import label_map

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import reorient
from SpineGTRefineLib.learning.evaluation import (
    centerline_below,
    coefficient_of_variation,
    level_extents,
    mean_variation,
    pmj_position,
    variation_of_levels,
)

SPACING = (1.0, 1.0, 2.0)


def cord(lean=0):
    array = np.zeros((40, 9, 40), np.uint8)
    for k in range(35):
        left = 2 + lean * k
        array[left : left + 3, 3:6, k] = 1
    return label_map(array, "cord", spacing=SPACING)


def rootlets(*slices, value=5):
    array = np.zeros((40, 9, 40), np.uint8)
    array[3, 6, list(slices)] = value
    return label_map(array, "rootlets", spacing=SPACING)


def test_down_a_straight_cord_the_way_is_the_height():
    straight = cord()
    junction = straight.geometry.to_world([3, 4, 37])
    (level,) = level_extents(rootlets(20, 21, 22), straight, junction)
    assert level.key == "spinal_level_C5"
    assert level.start_mm == pytest.approx((37 - 22.5) * 2, abs=0.01)
    assert level.end_mm == pytest.approx((37 - 19.5) * 2, abs=0.01)
    assert level.length_mm == pytest.approx(6.0, abs=0.01)


def test_down_a_leaning_cord_the_way_is_longer_than_the_height():
    leaning = cord(lean=1)
    way = centerline_below(leaning, leaning.geometry.to_world([36, 4, 34.5]))
    slices = way.slices[1:]
    steps = np.diff(way.distances_mm[1:])
    assert np.allclose(steps, np.hypot(1.0, 2.0), atol=1e-3)
    assert np.all(np.diff(slices) == 1)


def test_the_storage_of_the_image_changes_no_distance():
    straight, drawn = cord(), rootlets(20, 21, 22)
    junction = straight.geometry.to_world([3, 4, 37])
    expected = level_extents(drawn, straight, junction)
    turned = level_extents(reorient(drawn, "LPI"), reorient(straight, "LPI"), junction)
    assert turned[0].middle_mm == pytest.approx(expected[0].middle_mm)


def test_a_level_above_the_junction_has_no_distance():
    straight = cord()
    assert level_extents(rootlets(30, 31), straight, straight.geometry.to_world([3, 4, 25])) == ()


def test_a_cord_that_is_not_below_the_junction_is_refused():
    with pytest.raises(UsageError, match="pontomedullary"):
        centerline_below(cord(), cord().geometry.to_world([3, 4, 2]))


def test_the_junction_is_found_among_landmarks():
    array = np.zeros((5, 5, 5), np.uint8)
    array[1, 2, 3] = 50
    landmarks = label_map(array, "sct_discs", spacing=SPACING)
    assert np.allclose(pmj_position(landmarks), landmarks.geometry.to_world([1, 2, 3]))
    with pytest.raises(UsageError, match="50"):
        pmj_position(label_map(np.zeros((5, 5, 5), np.uint8), "sct_discs"))


def test_variation_is_the_sample_deviation_in_percent_of_the_mean():
    assert coefficient_of_variation([9.0, 10.0, 11.0]) == pytest.approx(10.0)
    assert coefficient_of_variation([9.0]) is None
    assert coefficient_of_variation([]) is None
    straight = cord()
    junction = straight.geometry.to_world([3, 4, 37])
    raters = {
        name: level_extents(rootlets(*drawn), straight, junction) for name, drawn in (("a", (20, 21)), ("b", (22, 23)))
    }
    found = variation_of_levels(raters)
    assert set(found) == {"spinal_level_C5"}
    assert found["spinal_level_C5"] == pytest.approx(np.std([33, 29], ddof=1) / 31 * 100, abs=0.01)


def test_the_variation_of_a_dataset_is_the_mean_within_groups_and_long_necks_have_no_part_in_it():
    straight = cord()
    near, far = (straight.geometry.to_world([3, 4, k]) for k in (37, 32))
    groups = {
        "sub-01": {
            "a": level_extents(rootlets(20, 21), straight, near),
            "b": level_extents(rootlets(22, 23), straight, near),
        },
        "sub-02": {
            "a": level_extents(rootlets(20, 21), straight, far),
            "b": level_extents(rootlets(20, 21), straight, far),
        },
        "sub-03": {"a": level_extents(rootlets(20, 21, value=6), straight, far)},
    }
    found = mean_variation(groups)
    assert list(found) == ["spinal_level_C5"]
    assert found["spinal_level_C5"].groups == 2
    assert found["spinal_level_C5"].percent == pytest.approx(np.std([33, 29], ddof=1) / 31 * 100 / 2, abs=0.01)


def test_the_template_has_its_levels_in_order(shared_data):
    from SpineGTRefineLib.imaging import read_labels

    folder = shared_data / "pam50"
    whole = read_labels(folder / "PAM50_cord.nii.gz", scheme("cord"))
    drawn = read_labels(folder / "PAM50_rootlets.nii.gz", scheme("rootlets"))
    levels = level_extents(drawn, whole, whole.geometry.to_world([70, 70, 989]))
    middles = [level.middle_mm for level in levels]
    assert len(levels) >= 7
    assert middles == sorted(middles)
