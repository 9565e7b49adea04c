"""Names by overlap, and endplates with the bone they touch."""

import numpy as np
import pytest
from small_masks import label_map

from SpineGTRefineLib.errors import GeometryError, UsageError
from SpineGTRefineLib.refine import merge_endplates, transfer_labels

T12, L1, L2, DISC = 32, 41, 42, 92


def column(values, name, thickness=4):
    return label_map(
        np.repeat(np.array(values, np.uint16), thickness)[None, None, :] * np.ones((3, 3, 1), np.uint16), name
    )


def test_shapes_get_the_names_they_overlap_best():
    shapes = column([5, 0, 4, 0, 3, 0], "spineps_vert_ordinal")
    shifted = column([L2, 0, L1, 0, T12, 0], "spine")
    names = shifted.with_array(np.roll(shifted.array, 1, axis=2))
    result = transfer_labels(shapes, names)
    assert [(n.value, n.key) for n in result.named] == [(3, "vertebra_T12"), (4, "vertebra_L1"), (5, "vertebra_L2")]
    np.testing.assert_array_equal(result.labels.array != 0, shapes.array != 0)
    assert result.labels.scheme.name == "spine"


def test_a_name_is_given_once_unless_halves_are_wanted():
    halves, names = column([2, 3, 3, 0], "spineps_vert_ordinal"), column([L1, L1, L1, 0], "spine")
    once = transfer_labels(halves, names)
    assert [n.key for n in once.named] == [None, "vertebra_L1"]
    assert not once.labels.array[halves.array == 2].any()
    both = transfer_labels(halves, names, one_to_one=False)
    assert [n.key for n in both.named] == ["vertebra_L1", "vertebra_L1"]


def test_a_disc_never_becomes_a_vertebra():
    disc, names = column([102, 0], "spineps_vert_ordinal"), column([L1, 0], "spine")
    assert transfer_labels(disc, names).named[0].key is None


def test_too_little_overlap_gives_no_name_and_is_told():
    shapes, names = column([2, 0, 0, 0], "spineps_vert_ordinal", 5), column([L1, L1, L1, L1], "spine", 5)
    assert transfer_labels(shapes, names).named[0].dice == pytest.approx(0.4)
    assert transfer_labels(shapes, names, minimum_dice=0.5).named[0].key is None


def test_empty_maps_and_other_grids():
    empty, names = column([0], "spine"), column([L1], "spine")
    assert transfer_labels(empty, names).named == ()
    assert transfer_labels(names, empty).named[0].key is None
    assert transfer_labels(names, empty, one_to_one=False).named[0].key is None
    with pytest.raises(GeometryError):
        transfer_labels(names, column([L1, L1], "spine"))
    with pytest.raises(UsageError, match="between 0 and 1"):
        transfer_labels(names, names, minimum_dice=2)


def test_an_endplate_goes_with_the_bone_it_touches_not_with_its_number():
    vertebra_20, vertebra_21 = 20, 21
    labels = column([vertebra_20, 220, 120, 220, vertebra_21, 0, 221], "spineps_vert", 2)
    merged = merge_endplates(labels, reach_mm=2.0).array[0, 0]
    assert merged.tolist() == [20, 20, 20, 20, 120, 120, 21, 21, 21, 21, 0, 0, 221, 221]
    assert merge_endplates(labels, reach_mm=4.0).array[0, 0, 12:].tolist() == [21, 21]


def test_a_mask_without_endplates_is_refused():
    with pytest.raises(UsageError, match="no endplates"):
        merge_endplates(column([L1], "spine"))
