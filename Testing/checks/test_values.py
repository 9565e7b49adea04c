"""Values: an empty mask, and numbers that stand for nothing."""

import numpy as np
import pytest
from rule_findings import edited, the_one

from SpineGTRefineLib.checks import check_labels


def test_an_empty_mask_is_flagged_but_is_no_error(lumbar):
    problems = check_labels(lumbar.spine.with_array(np.zeros_like(lumbar.spine.array)))
    assert [(p.rule, p.severity) for p in problems] == [("empty_mask", "warning")]


def test_one_voxel_is_called_one_voxel(lumbar):
    def change(array):
        array[2, 3, 4] = 255

    assert "(1 voxel)" in the_one(check_labels(edited(lumbar.spine, change)), "known_values").message


def test_an_image_or_a_mask_in_another_scheme_is_said_once_not_value_by_value(lumbar):
    def change(array):
        array[:, :, :40] = 300 + np.arange(40)

    problem = the_one(check_labels(edited(lumbar.spine, change)), "known_values")
    assert problem.message.startswith("40 of the ")
    assert "another label scheme" in problem.remedy


@pytest.mark.parametrize("value", [19, 255, 60000, -3])
def test_a_value_that_the_scheme_does_not_know_is_an_error_with_its_place(lumbar, value):
    def change(array):
        array[2:4, 3:5, 4:6] = value

    problem = the_one(check_labels(edited(lumbar.spine, change)), "known_values")
    assert (problem.severity, problem.value, problem.structure) == ("error", value, None)
    index = lumbar.spine.geometry.to_index(problem.position)
    assert (index.round() >= (2, 3, 4)).all()
    assert (index.round() < (4, 5, 6)).all()
