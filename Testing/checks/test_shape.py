"""The shape of a level: stray pieces, lost volume, one side only."""

from rule_findings import center, edited, findings, the_one, v
from scipy import ndimage

from SpineGTRefineLib.checks import check_labels
from SpineGTRefineLib.phantoms import make_spine


def test_a_stray_piece_of_a_level_is_found_where_it_lies(lumbar):
    def change(array):
        array[4:14, 72:82, 60:70] = v("vertebra_L2")

    problem = the_one(check_labels(edited(lumbar.spine, change)), "one_piece")
    assert problem.structure == "vertebra_L2"
    index = lumbar.spine.geometry.to_index(problem.position).round()
    assert (index >= (4, 72, 60)).all()
    assert (index < (14, 82, 70)).all()


def test_a_few_stray_voxels_are_no_problem(lumbar):
    labels = edited(lumbar.spine, lambda array: array.__setitem__((slice(2, 4), 80, 60), v("vertebra_L2")))
    assert findings(labels) == set()


def test_a_vertebra_that_lost_most_of_its_volume_is_too_small(lumbar):
    def change(array):
        mask = array == v("vertebra_L3")
        array[mask & (ndimage.distance_transform_edt(mask, sampling=2.0) < 5.5)] = 0

    problems = check_labels(edited(lumbar.spine, change))
    assert the_one(problems, "likely_volume").structure == "vertebra_L3"
    assert {p.rule for p in problems if p.severity != "info"} == {"likely_volume"}


def test_a_level_cut_by_the_image_is_remarked_and_its_volume_not_judged(lumbar):
    cut = [p for p in check_labels(lumbar.spine) if p.rule == "cut_off"]
    assert {p.severity for p in cut} == {"info"}
    assert "vertebra_L3" not in {p.structure for p in cut}
    assert "sacrum" in {p.structure for p in cut}


def test_half_a_vertebra_is_called_one_sided():
    phantom = make_spine(2, region="lumbar", spacing=2.5, width=120.0, rootlets=False)
    right = phantom.spine.geometry.to_index(center(phantom, "L3"))[0]

    def change(array):
        part = array[int(right) + 1 :]
        part[part == v("vertebra_L3")] = 0

    problem = the_one(check_labels(edited(phantom.spine, change)), "alike_on_both_sides")
    assert problem.structure == "vertebra_L3"
    assert "right side" in problem.message
    assert ("alike_on_both_sides", "vertebra_L3") not in findings(phantom.spine)
