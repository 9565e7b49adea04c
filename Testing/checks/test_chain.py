"""The chain of levels: forgotten, shifted, exchanged and misplaced ones are found at their place."""

import numpy as np
from rule_findings import center, edited, findings, the_one, v

from SpineGTRefineLib.checks import check_labels
from SpineGTRefineLib.phantoms import make_spine


def test_a_vertebra_that_was_forgotten_is_missed_where_it_should_be(lumbar):
    labels = edited(lumbar.spine, lambda array: np.putmask(array, array == v("vertebra_L3"), 0))
    problems = check_labels(labels, lumbar.canal, lumbar.cord)
    problem = the_one(problems, "consecutive")
    assert "L3 is missing" in problem.message
    assert np.linalg.norm(np.array(problem.position) - center(lumbar, "L3")) < 8
    assert {p.rule for p in problems if p.severity != "info"} == {"consecutive"}


def test_levels_named_one_too_low_are_told_apart_from_a_forgotten_vertebra(lumbar):
    def change(array):
        for level, name in (("L5", "L6"), ("L4", "L5"), ("L3", "L4")):
            array[array == v(f"vertebra_{level}")] = v(f"vertebra_{name}")

    problem = the_one(check_labels(edited(lumbar.spine, change)), "consecutive")
    assert "L3 is left out" in problem.message
    assert "shift" in problem.remedy


def test_a_gap_in_the_chain_is_seen_although_the_names_go_on(lumbar):
    def change(array):
        array[np.isin(array, [v("vertebra_L3"), v("disc_L2-L3")])] = 0
        for level, name in (("L4", "L3"), ("L5", "L4")):
            array[array == v(f"vertebra_{level}")] = v(f"vertebra_{name}")

    problems = check_labels(edited(lumbar.spine, change))
    gap = [p for p in problems if p.rule == "consecutive"]
    assert [(p.structure, p.severity) for p in gap] == [("vertebra_L2", "warning")]


def test_two_exchanged_levels_are_out_of_order(lumbar):
    def change(array):
        two, three = array == v("vertebra_L2"), array == v("vertebra_L3")
        array[two], array[three] = v("vertebra_L3"), v("vertebra_L2")

    problem = the_one(check_labels(edited(lumbar.spine, change)), "in_order")
    assert problem.structure in ("vertebra_L2", "vertebra_L3")
    assert problem.severity == "error"


def test_a_disc_beside_other_vertebrae_than_its_name_says_is_found(lumbar):
    def change(array):
        array[array == v("disc_L4-L5")] = 0
        array[array == v("disc_L1-L2")] = v("disc_L4-L5")

    problems = check_labels(edited(lumbar.spine, change))
    assert the_one(problems, "disc_between").structure == "disc_L4-L5"
    assert the_one(problems, "disc_present").structure == "disc_L1-L2"


def test_a_missing_disc_is_shown_between_its_vertebrae(lumbar):
    labels = edited(lumbar.spine, lambda array: np.putmask(array, array == v("disc_L2-L3"), 0))
    problem = the_one(check_labels(labels), "disc_present")
    assert findings(labels) == {("disc_present", "disc_L2-L3")}
    middle = (center(lumbar, "L2") + center(lumbar, "L3")) / 2
    assert np.linalg.norm(np.array(problem.position) - middle) < 8


def test_a_sacrum_above_vertebrae_is_an_error(lumbar):
    def change(array):
        array[array == v("sacrum")] = 0
        array[array == v("vertebra_T12")] = v("sacrum")

    assert ("sacrum_last", "sacrum") in findings(edited(lumbar.spine, change))


def test_the_sacrum_below_l3_is_an_error_below_l4_only_a_remark(lumbar):
    def change(array):
        array[np.isin(array, [v("vertebra_L4"), v("vertebra_L5")])] = v("sacrum")

    assert ("consecutive", "vertebra_L3") in findings(edited(lumbar.spine, change))
    four = make_spine(2, region="lumbar", spacing=2.0, variant="4-lumbar")
    remarks = [p for p in check_labels(four.spine) if p.rule == "transitional"]
    assert [(p.severity, p.structure) for p in remarks] == [("info", "vertebra_L4")]
