"""Naming a chain of vertebrae from what they look like: variants, cut-off views, one that is wrong, none to go by."""

import pytest

from SpineGTRefineLib.refine.level_names import column_of, name_chain, region_of


def looks(*levels, blurred=0.1):
    """What a good network says of these levels."""
    regions = ("C1", "C2", "C", "T", "L")
    return [{r: (1 - blurred if r == region_of(x) else blurred / 4) for r in regions} for x in levels]


@pytest.mark.parametrize("numbers", [(12, 5), (13, 5), (11, 5), (12, 6), (12, 4)])
def test_a_whole_spine_of_every_kind_gets_its_names(numbers):
    column = column_of(*numbers)
    naming = name_chain(looks(*column), above_sacrum=True)
    assert naming.levels == column
    assert naming.is_sure
    assert naming.contradicting == ()


@pytest.mark.parametrize(
    ("levels", "sacrum"),
    [
        (("C2", "C3", "C4"), False),
        (("C6", "C7", "T1", "T2"), False),
        (("T11", "T12", "L1"), False),
        (("L3", "L4", "L5"), True),
        (("T10", "T11", "T12", "L1", "L2", "L3", "L4"), True),
    ],
)
def test_one_landmark_is_enough(levels, sacrum):
    naming = name_chain(looks(*levels), above_sacrum=sacrum)
    assert naming.levels == levels
    assert naming.is_sure


def test_without_a_landmark_nothing_is_sure():
    naming = name_chain(looks("T5", "T6", "T7"))
    assert naming.margin == 0.0
    assert not naming.is_sure
    assert all(level.startswith("T") for level in naming.levels)


def test_one_vertebra_that_looks_wrong_does_not_shift_the_others_and_is_told():
    chain = looks(*column_of())
    chain[20] = looks("T12")[0]  # L2 looks thoracic
    naming = name_chain(chain, above_sacrum=True)
    assert naming.levels == column_of()
    assert naming.contradicting == (20,)


def test_a_vertebra_that_was_not_found_is_counted():
    chain = looks("C2", "C3", "C4", "C5", "C6", "C7", "T1")
    chain[3] = {}
    assert name_chain(chain).levels[3] == "C5"


def test_the_step_in_the_transverse_processes_shows_l1_although_it_looks_thoracic():
    names = ("T9", "T10", "T11", "T12", "L1", "L2", "L3")
    chain = looks("T9", "T10", "T11", "T12", "T12", "L2", "L3")
    assert name_chain(chain).levels != names
    naming = name_chain(chain, (-0.05, -0.05, -0.1, 0.32, 0.0, None))
    assert naming.levels == names
    assert naming.contradicting == (4,)


def test_a_process_drawn_too_short_does_not_outweigh_what_is_seen():
    names = column_of()[7:]
    steps = [-0.03] * (len(names) - 1)
    steps[4] = 0.28  # T5 was drawn too short, so T6 beside it seems to reach far
    assert name_chain(looks(*names), steps, above_sacrum=True).levels == names


def test_what_a_rater_knows_decides():
    naming = name_chain(looks("T5", "T6", "T7"), fixed={0: "T5"})
    assert naming.levels == ("T5", "T6", "T7")
    assert naming.is_sure


def test_more_vertebrae_than_anybody_has_are_not_named():
    assert name_chain([{}] * 30) is None
    assert name_chain([]) is None


def test_a_single_vertebra_with_a_landmark_is_named():
    assert name_chain(looks("C2")).levels == ("C2",)
    assert name_chain(looks("L5"), above_sacrum=True).levels == ("L5",)
