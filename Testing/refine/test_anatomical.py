import json
from functools import cache

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme, structure
from SpineGTRefineLib.errors import GeometryError, InputError, UsageError
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.phantoms import Defect, canal_like, make_spine, spineps_like, totalspineseg_like
from SpineGTRefineLib.refine import SpineInputs, detect_convention, refine_spine
from SpineGTRefineLib.refine.decisions import REMOVES, WITHHOLDS, WRITES

SPINE = scheme("spine")
BOTH = ("ordinal", "labelled")


@cache
def phantom(variant="usual", region="whole", axcodes="RAS"):
    return make_spine(2, spacing=2.0, width=56.0, rootlets=False, variant=variant, region=region, axcodes=axcodes)


def spoilt(kind, *structures):
    return tuple(Defect(kind, key) for key in structures)


def refine(person, spineps=(), totalspineseg=(), ids="ordinal"):
    vert = spineps_like(person, spineps, ids=ids).vert
    inputs = SpineInputs(vert, totalspineseg_like(person, totalspineseg), canal_like(person))
    return inputs, refine_spine(inputs)


def wrong_levels(person, result, least_dice=0.7):
    """Structures that the result names otherwise than the truth, or lacks, or invents."""
    truth, found = person.spine.array, result.labels.array
    wrong = []
    for value in np.union1d(np.unique(truth), np.unique(found)):
        both = np.count_nonzero((truth == value) & (found == value))
        if value and 2 * both < least_dice * (np.count_nonzero(truth == value) + np.count_nonzero(found == value)):
            wrong.append(SPINE[value].structure.key)
    return wrong


def of(result, action, source="spineps"):
    return [d for d in result.decisions if d.action == action and d.source == source]


def assert_everything_is_accounted_for(inputs, result):
    array, vert, canal = result.labels.array, inputs.vert.array, inputs.canal.array
    for value, voxels in inputs.vert.counts().items():
        own = [d for d in result.decisions if d.source == "spineps" and d.source_value == value]
        written = sum(d.voxels for d in own if d.action in WRITES)
        assert written + sum(d.voxels for d in own if d.action in WITHHOLDS) == voxels, value
        for target in {d.value for d in own if d.value is not None}:
            mine = [d for d in own if d.value == target]
            kept = sum(d.voxels for d in mine if d.action in WRITES) - sum(
                d.voxels for d in mine if d.action in REMOVES
            )
            filled = target in {d.value for d in of(result, "filled", "totalspineseg")}
            assert filled or np.count_nonzero((array == target) & (vert == value)) == kept, (value, target)
    for decision in of(result, "filled", "totalspineseg"):
        lost = sum(
            d.voxels
            for d in result.decisions
            if d.action in REMOVES and d.source != "spineps" and d.value == decision.value
        )
        written = np.count_nonzero((array == decision.value) & (inputs.totalspineseg.array == decision.source_value))
        assert written == decision.voxels - lost
    assert not (array[canal != 0]).any()
    told = {d.source_value for d in result.decisions if d.source == "totalspineseg"}
    missing = {v for v in inputs.totalspineseg.values() if v > 2} - told
    for value in missing:
        # A level without a decision of its own is one that an instance took.
        key = inputs.totalspineseg.scheme[value].structure.key
        assert SPINE.value_of(key) in {d.value for d in result.decisions if d.source == "spineps"}, key


@pytest.mark.parametrize("ids", BOTH)
@pytest.mark.parametrize("variant", ["usual", "L6", "4-lumbar", "11-thoracic"])
def test_every_level_is_right_with_more_or_fewer_vertebrae_than_usual(variant, ids):
    person = phantom(variant)
    inputs, result = refine(person, ids=ids)
    assert wrong_levels(person, result) == []
    assert_everything_is_accounted_for(inputs, result)


def test_a_t13_that_spineps_names_is_kept_although_totalspineseg_calls_it_l1():
    person = phantom("T13")
    inputs, result = refine(person, ids="labelled")
    assert wrong_levels(person, result) == []
    renamed = of(result, "relabelled", "totalspineseg")
    assert {"vertebra_T13", "disc_T12-T13", "disc_T13-L1", "vertebra_L5"} <= {d.structure for d in renamed}
    assert all("T13" in d.reason for d in renamed)
    assert_everything_is_accounted_for(inputs, result)


def test_where_nobody_names_a_t13_totalspineseg_is_followed_to_six_lumbar_vertebrae():
    person = phantom("T13")
    _, result = refine(person, ids="ordinal")
    present = {SPINE[v].structure.key for v in result.labels.values()}
    assert "vertebra_L6" in present
    assert "vertebra_T13" not in present


@pytest.mark.parametrize("region", ["cervical", "thoracic", "lumbar"])
def test_every_level_is_right_in_a_cropped_field_of_view(region):
    person = phantom(region=region)
    inputs, result = refine(person)
    assert wrong_levels(person, result) == []
    assert_everything_is_accounted_for(inputs, result)


@pytest.mark.parametrize("ids", BOTH)
@pytest.mark.parametrize(
    ("kind", "structures", "action"),
    [
        ("merged", ("vertebra_T5", "vertebra_L2"), "split"),
        ("missing", ("vertebra_T5", "disc_T8-T9", "vertebra_L5", "sacrum"), None),
        ("extra", ("vertebra_T5", "vertebra_L3"), None),
        ("leak", ("vertebra_T5", "vertebra_L3"), "cut"),
        ("shifted", ("vertebra_T5",), None),
    ],
)
def test_errors_of_spineps_leave_every_level_right(kind, structures, action, ids):
    person = phantom()
    inputs, result = refine(person, spoilt(kind, *structures), ids=ids)
    assert wrong_levels(person, result) == []
    assert action is None or of(result, action)
    assert all(d.dice > 0.8 for d in of(result, "split"))
    assert_everything_is_accounted_for(inputs, result)


def test_fragments_are_joined_even_when_a_vertebra_gets_the_number_of_the_sacrum():
    # Two extra ids push L5 to 26, which SPINEPS also gives to the sacrum.
    person = phantom()
    inputs, result = refine(person, spoilt("split", "vertebra_T5", "vertebra_L3"))
    assert wrong_levels(person, result) == []
    assert {d.structure for d in of(result, "joined") if d.source_value < 100} == {"vertebra_T5", "vertebra_L3"}
    assert {"vertebra_L5", "sacrum"} <= {d.structure for d in of(result, "split")}
    assert_everything_is_accounted_for(inputs, result)


def test_what_spineps_lacks_is_filled_from_totalspineseg_and_reported_as_such():
    person = phantom()
    _, result = refine(person, spoilt("missing", "vertebra_T5", "sacrum"))
    filled = {d.structure for d in of(result, "filled", "totalspineseg")}
    assert filled == {"vertebra_C1", "vertebra_T5", "sacrum"}


def test_an_extra_object_beside_the_spine_gets_no_level_and_a_line_in_the_report():
    person = phantom()
    _, result = refine(person, spoilt("extra", "vertebra_T5"))
    dropped = [d for d in of(result, "dropped") if d.source_value < 100]
    assert len(dropped) == 1
    assert dropped[0].structure is None


@pytest.mark.parametrize("ids", BOTH)
@pytest.mark.parametrize(
    ("kind", "structures"),
    [
        ("missing", ("vertebra_T5", "disc_T8-T9", "vertebra_L5", "sacrum")),
        ("merged", ("vertebra_T5",)),
        ("split", ("vertebra_T5",)),
        ("extra", ("vertebra_T5",)),
        ("shifted", ("vertebra_T5",)),
    ],
)
def test_errors_of_totalspineseg_leave_every_level_right(kind, structures, ids):
    person = phantom()
    inputs, result = refine(person, totalspineseg=spoilt(kind, *structures), ids=ids)
    assert wrong_levels(person, result) == []
    assert_everything_is_accounted_for(inputs, result)


def test_two_vertebrae_that_totalspineseg_made_one_stay_two():
    person = phantom()
    _, result = refine(person, totalspineseg=spoilt("merged", "vertebra_T5"))
    inferred = [d for d in of(result, "inferred") if d.source_value < 100]
    assert [d.structure for d in inferred] == ["vertebra_T6"]


def test_a_vertebra_that_both_tools_see_differently_incomplete_keeps_its_neighbours_right():
    person = phantom()
    inputs, result = refine(person, spoilt("missing", "vertebra_T5"), spoilt("missing", "vertebra_T6"))
    assert wrong_levels(person, result) == []
    assert_everything_is_accounted_for(inputs, result)


@pytest.mark.parametrize("axcodes", ["LAS", "PIR"])
def test_storage_order_does_not_change_the_result(axcodes):
    person = phantom(region="lumbar", axcodes=axcodes)
    _, result = refine(person)
    assert wrong_levels(person, result) == []


def test_no_level_holds_two_whole_vertebrae():
    person = phantom()
    for errors in (spoilt("split", "vertebra_T5"), spoilt("merged", "vertebra_T5"), ()):
        _, result = refine(person, errors, spoilt("merged", "vertebra_T8"))
        owners: dict[str, list] = {}
        for decision in result.decisions:
            whole = decision.action in ("kept", "relabelled", "inferred")
            if decision.source == "spineps" and decision.source_value < 200 and whole:
                owners.setdefault(decision.structure, []).append(decision.source_value)
        assert all(len(values) == 1 for values in owners.values())


def test_classes_never_mix():
    person = phantom()
    _, result = refine(person, spoilt("missing", "vertebra_T9"), spoilt("missing", "disc_T3-T4"))
    for decision in result.decisions:
        if decision.source == "spineps" and decision.structure:
            kind = structure(decision.structure).kind
            expected = "disc" if 100 <= decision.source_value < 200 else ("vertebra", "sacrum")
            assert kind in expected


def test_the_masks_that_go_in_are_not_changed():
    person = phantom()
    inputs, _ = refine(person)
    for labels in (inputs.vert, inputs.totalspineseg, inputs.canal):
        labels.array.setflags(write=False)
    before = [labels.array.copy() for labels in (inputs.vert, inputs.totalspineseg, inputs.canal)]
    refine_spine(inputs)
    refine_spine(inputs, "compatible")
    for labels, array in zip((inputs.vert, inputs.totalspineseg, inputs.canal), before, strict=True):
        np.testing.assert_array_equal(labels.array, array)


def test_the_report_is_plain_json_with_a_reason_on_every_line():
    _, result = refine(phantom(), spoilt("merged", "vertebra_T5"))
    lines = json.loads(json.dumps([decision.as_dict() for decision in result.decisions]))
    assert all(line["reason"] and line["voxels"] > 0 for line in lines)


# Small hand-made spines: one column of voxels, 1 mm each, head at the high end.


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
