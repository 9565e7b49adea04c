"""The policy `anatomical` on phantoms: every level right, every voxel accounted for."""

import json
from functools import cache

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme, structure
from SpineGTRefineLib.phantoms import Defect, canal_like, make_spine, spineps_like, totalspineseg_like
from SpineGTRefineLib.refine import SpineInputs, refine_spine
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


@pytest.mark.slow
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


@pytest.mark.slow
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
