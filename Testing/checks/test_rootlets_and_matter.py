"""Rootlets, gray and white matter: what lies where its kind cannot be."""

import numpy as np
from rule_findings import center, edited, findings, the_one

from SpineGTRefineLib.checks import check_labels
from SpineGTRefineLib.phantoms import make_mouse


def test_rootlets_away_from_the_cord_are_an_error(cervical):
    value = cervical.rootlets.scheme.value_of("rootlets_C5")

    def change(array):
        index = np.argwhere(array == value)
        array[array == value] = 0
        array[:4, :4, index[:, 2].min() : index[:, 2].max()] = value

    problem = the_one(check_labels(edited(cervical.rootlets, change), cord=cervical.cord), "rootlets_near_cord")
    assert (problem.structure, problem.severity) == ("rootlets_C5", "error")


def test_exchanged_rootlet_levels_are_out_of_order(cervical):
    five, seven = (cervical.rootlets.scheme.value_of(f"rootlets_C{n}") for n in (5, 7))

    def change(array):
        a, b = array == five, array == seven
        array[a], array[b] = seven, five

    found = findings(edited(cervical.rootlets, change), cord=cervical.cord)
    assert {rule for rule, _ in found} == {"rootlets_in_order"}
    assert {"rootlets_C5", "rootlets_C7"} & {structure for _, structure in found}
    assert {structure for _, structure in found} <= {"rootlets_C5", "rootlets_C6", "rootlets_C7"}


def test_a_rootlet_level_left_out_is_named(cervical):
    value = cervical.rootlets.scheme.value_of("rootlets_C6")
    labels = edited(cervical.rootlets, lambda array: np.putmask(array, array == value, 0))
    assert findings(labels, cord=cervical.cord) == {("rootlets_complete", "rootlets_C6")}


def test_rootlets_on_one_side_only_are_found(cervical):
    value = cervical.rootlets.scheme.value_of("rootlets_C6")
    middle = int(cervical.cord.geometry.to_index(center(cervical, "C6"))[0].round())

    def change(array):
        part = array[middle:]
        part[part == value] = 0

    labels = edited(cervical.rootlets, change)
    problem = the_one(check_labels(labels, cord=cervical.cord), "rootlets_on_both_sides")
    assert problem.structure == "rootlets_C6"
    assert "right side is missing" in problem.message


def test_grey_matter_outside_the_white_matter_is_found_on_its_slices():
    mouse = make_mouse(3)
    labels = edited(mouse.gmwm, lambda array: array.__setitem__((slice(2, 8), slice(2, 8), slice(30, 34)), 1))
    problem = the_one(check_labels(labels), "grey_inside_white")
    assert "slices 30 to 33" in problem.message
    assert problem.structure == "gm"
