"""The policy `anatomical` on small hand-made spines: one column of voxels, 1 mm each, head at the high end."""

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, InputError, UsageError
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.refine import SpineInputs, detect_convention, refine_spine


def of(result, action, source="spineps"):
    return [d for d in result.decisions if d.action == action and d.source == source]


def column(*parts, scheme_name, width=3):
    values = [value for value, length in parts for _ in range(length)][::-1]
    array = np.tile(np.array(values, np.uint16), (width, width, 1))
    return LabelMap(array, Geometry(array.shape, np.eye(4)), scheme(scheme_name))


def refine_columns(vert, labels, canal=None):
    vert = column(*vert, scheme_name="spineps_vert_ordinal")
    labels = column(*labels, scheme_name="totalspineseg")
    mask = None if canal is None else LabelMap(canal, vert.geometry, scheme("canal"))
    result = refine_spine(SpineInputs(vert, labels, mask))
    return result.labels.array[1, 1, ::-1].tolist(), result


def test_endplates_go_with_the_bone_they_touch_on_either_side_of_the_disc():
    vert = [(2, 10), (202, 1), (102, 4), (202, 1), (3, 10)]
    labels = [(12, 11), (63, 4), (13, 11)]
    line, _ = refine_columns(vert, labels)
    assert line == [12] * 11 + [63] * 4 + [13] * 11


def test_an_endplate_far_from_every_vertebra_is_dropped_with_a_line():
    line, result = refine_columns([(2, 10), (0, 8), (202, 2)], [(12, 10), (0, 10)])
    assert line == [12] * 10 + [0] * 10
    assert [d.source_value for d in of(result, "dropped")] == [202]


def test_specks_that_the_canal_cut_leaves_are_cleaned_and_reported():
    vert = [(2, 100), (0, 20)]
    labels = [(12, 100), (0, 20)]
    canal = np.zeros((3, 3, 120), np.uint8)
    canal[:, :, 22:26] = 1  # leaves two slices of the vertebra below the cut, 18 mm³
    line, result = refine_columns(vert, labels, canal)
    assert line == [12] * 94 + [0] * 26
    assert [(d.structure, d.voxels) for d in of(result, "cleaned")] == [("vertebra_C2", 18)]
    assert [d.voxels for d in of(result, "cut")] == [36]


def test_a_small_part_that_the_canal_did_not_cut_off_is_left_alone():
    vert = [(2, 100), (0, 5), (2, 2), (0, 13)]
    labels = [(12, 107), (0, 13)]
    canal = np.zeros((3, 3, 120), np.uint8)
    canal[:, :, 118:] = 1
    line, result = refine_columns(vert, labels, canal)
    assert line[105:107] == [12, 12]
    assert of(result, "cleaned") == []


def test_totalspineseg_fills_only_background_outside_the_canal():
    vert = [(2, 10), (0, 10)]
    labels = [(12, 8), (63, 4), (13, 8)]
    canal = np.zeros((3, 3, 20), np.uint8)
    canal[:, :, 0:2] = 1
    line, result = refine_columns(vert, labels, canal)
    assert line == [12] * 10 + [63] * 2 + [13] * 6 + [0] * 2
    assert {(d.structure, d.voxels) for d in of(result, "filled", "totalspineseg")} == {
        ("disc_C2-C3", 18),
        ("vertebra_C3", 54),
    }


def test_a_totalspineseg_structure_whose_place_is_taken_is_skipped_with_a_line():
    line, result = refine_columns([(2, 20)], [(12, 16), (63, 4)])
    assert line == [12] * 20
    assert [d.structure for d in of(result, "skipped", "totalspineseg")] == ["disc_C2-C3"]


def test_a_value_that_totalspineseg_cannot_mean_is_skipped_with_a_line():
    line, result = refine_columns([(2, 10), (0, 5)], [(12, 10), (60, 5)])
    assert line == [12] * 10 + [0] * 5
    assert [(d.source_value, d.voxels) for d in of(result, "skipped", "totalspineseg")] == [(60, 45)]


def test_c1_comes_from_totalspineseg_alone():
    line, result = refine_columns([(2, 6), (102, 3), (3, 10)], [(11, 6), (63, 3), (12, 10)])
    assert line == [11] * 6 + [63] * 3 + [12] * 10
    assert "C1" in next(d.reason for d in of(result, "dropped"))


def test_a_vertebra_is_never_made_of_sacrum():
    line, _ = refine_columns([(2, 10), (102, 3), (3, 10)], [(45, 10), (100, 3), (50, 10)])
    assert line == [45] * 10 + [100] * 3 + [50] * 10


def test_a_first_sacral_segment_that_spineps_took_for_a_vertebra_does_not_become_l6():
    vert = [(2, 10), (102, 3), (3, 10), (103, 3), (4, 10), (104, 3), (5, 10)]
    labels = [(43, 10), (94, 3), (44, 10), (95, 3), (45, 10), (100, 3), (50, 10)]
    line, result = refine_columns(vert, labels)
    assert line == [value for value, length in labels for _ in range(length)]
    assert 5 in {d.source_value for d in of(result, "dropped")}


def test_beyond_the_last_known_level_the_next_one_follows_only_where_it_should_lie():
    vert = [(2, 10), (102, 3), (3, 10), (103, 3), (4, 10), (104, 3)]
    labels = [(43, 10), (94, 3), (44, 10), (95, 3)]
    line, _ = refine_columns([*vert, (0, 10)], [*labels, (0, 23)])
    assert line[26:36] == [45] * 10
    far_away, result = refine_columns([*vert[:4], (0, 20), (4, 10)], [*labels, (0, 30)])
    assert far_away[26:] == [0] * 30
    assert 4 in {d.source_value for d in of(result, "dropped")}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ([2, 3, 4, 26, 101, 102, 202], "spineps_vert_ordinal"),
        ([*range(2, 26), 26, 27, 126], "spineps_vert_ordinal"),
        ([5, 6, 7, 105, 205], "spineps_vert"),
        ([18, 19, 28, 20, 21], "spineps_vert"),
        ([1, 2, 3], "spineps_vert"),
    ],
)
def test_both_numberings_of_spineps_are_told_apart(values, name):
    assert detect_convention(values).name == name


def test_masks_on_different_grids_are_refused():
    vert = column((2, 10), scheme_name="spineps_vert_ordinal")
    moved = np.eye(4)
    moved[2, 3] = 20
    labels = LabelMap(vert.array, Geometry(vert.array.shape, moved), scheme("totalspineseg"))
    with pytest.raises(GeometryError, match="another grid"):
        SpineInputs(vert, labels)


def test_an_unknown_policy_and_an_empty_totalspineseg_mask_are_refused():
    vert = column((2, 10), scheme_name="spineps_vert_ordinal")
    empty = column((0, 10), scheme_name="totalspineseg")
    with pytest.raises(UsageError, match="best"):
        refine_spine(SpineInputs(vert, empty), "best")
    with pytest.raises(InputError, match="no vertebra"):
        refine_spine(SpineInputs(vert, empty))


def test_without_a_canal_mask_the_canal_that_spineps_saw_is_cut():
    vert = column((2, 10), scheme_name="spineps_vert_ordinal")
    labels = column((12, 10), scheme_name="totalspineseg")
    semantic = column((49, 6), (61, 2), (60, 2), scheme_name="spineps_semantic")
    result = refine_spine(SpineInputs(vert, labels, semantic=semantic))
    assert result.labels.array[1, 1, ::-1].tolist() == [12] * 6 + [0] * 4
