"""What a rater vouches for holds as long as nobody changes it, and survives the way through a sidecar."""

import json

import numpy as np
import pytest
from review_world import draw, spine

from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.review.activity import ActiveTime
from SpineGTRefineLib.review.verified import Verified

MARKS = Verified().with_structures(spine(), ["vertebra_L3", "vertebra_L1"]).with_slices(spine(), 2, [4, 3])


def test_marks_come_back_from_a_sidecar():
    content = json.loads(json.dumps(MARKS.as_json()))
    assert content == {"Structures": ["vertebra_L1", "vertebra_L3"], "Slices": [{"Axis": 2, "Indices": [3, 4]}]}
    assert Verified.from_json(content, spine()) == MARKS
    assert Verified().as_json() == {}


@pytest.mark.parametrize(
    "content",
    [None, [], {"Structures": "vertebra_L1"}, {"Structures": ["a", 3]}, {"Slices": [{"Axis": 5, "Indices": [0]}]},
     {"Slices": [{"Axis": 2, "Indices": [400, -1, "x"]}]}, {"Slices": 7}],
)  # fmt: skip
def test_what_makes_no_sense_in_a_sidecar_is_left_out(content):
    assert Verified.from_json(content, spine()) == Verified()


def test_a_mark_lapses_with_its_voxels_and_holds_again_with_them():
    edited = draw(np.s_[0, 0, 3], 43).function(spine())  # one voxel of L3, in slice 3
    assert MARKS.holding(edited).as_json() == {"Structures": ["vertebra_L1"], "Slices": [{"Axis": 2, "Indices": [4]}]}
    assert MARKS.holding(spine()) == MARKS


def test_the_integer_type_that_an_editor_uses_changes_no_mark():
    assert MARKS.holding(spine().with_array(spine().array.astype(np.int32))) == MARKS


def test_marks_can_be_taken_back():
    assert MARKS.without(["vertebra_L3"], [(2, 3), (0, 0)]).as_json() == {
        "Structures": ["vertebra_L1"],
        "Slices": [{"Axis": 2, "Indices": [4]}],
    }


def test_there_is_no_mark_for_a_slice_that_is_not_there():
    with pytest.raises(UsageError, match="no slice 99"):
        MARKS.with_slices(spine(), 2, [99])


def test_the_stopwatch_stops_by_itself():
    now = [0.0]
    active = ActiveTime(lambda: now[0], idle_after_s=60)
    for gap, total in ((30, 30), (60, 90), (600, 150), (1, 151)):
        now[0] += gap
        assert active.seconds == total
        active.touch()
    active.restart(5.0)
    assert active.seconds == 5.0
