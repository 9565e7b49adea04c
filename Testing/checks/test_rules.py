"""Each rule finds exactly the one error that was put into a mask, at its place; clean masks give no error."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.checks import Problem, check_labels
from SpineGTRefineLib.errors import GeometryError
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.phantoms import make_mouse, make_spine, storage_variant

SPINE = scheme("spine")


@pytest.fixture(scope="module")
def lumbar():
    return make_spine(2, region="lumbar", spacing=2.0)


@pytest.fixture(scope="module")
def cervical():
    return make_spine(4, region="cervical", spacing=1.2)


def v(key):
    return SPINE.value_of(key)


def findings(labels, canal=None, cord=None):
    """Rule and structure of every error and warning."""
    found = check_labels(labels, canal, cord)
    return {(p.rule, p.structure) for p in found if p.severity != "info"}


def the_one(problems, rule) -> Problem:
    found = [problem for problem in problems if problem.rule == rule]
    assert len(found) == 1, found
    return found[0]


def edited(labels, change):
    array = labels.array.astype(np.int32)
    change(array)
    return labels.with_array(array)


def center(phantom, level):
    return np.array(phantom.skeleton.vertebra(level).frame.center)


# -- clean masks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["usual", "T13", "L6", "4-lumbar", "11-thoracic"])
@pytest.mark.parametrize(
    "scan",
    [
        {"region": "whole", "spacing": 2.5},
        {"region": "lumbar", "spacing": (4.0, 1.5, 1.5), "axcodes": "LAS"},
        {"region": "thoracic", "spacing": 2.0, "oblique": (10.0, -8.0, 6.0), "axcodes": "PIL"},
        {"region": "cervical", "spacing": 2.0},
    ],
    ids=["whole", "thick-lefthanded", "oblique", "cropped"],
)
def test_a_clean_spine_gives_no_error_whatever_its_anatomy_and_its_scan(variant, scan):
    phantom = make_spine(6, variant=variant, rootlets=False, **scan)
    problems = check_labels(phantom.spine, phantom.canal, phantom.cord)
    assert [p for p in problems if p.severity == "error"] == []
    unusual = [p for p in problems if p.rule == "transitional"]
    if scan["region"] in ("whole", "lumbar"):
        assert len(unusual) == (variant != "usual")
    assert all(p.severity == "info" for p in unusual)


def test_clean_rootlets_and_mouse_cords_give_no_problem(cervical):
    assert findings(cervical.rootlets, cervical.canal, cervical.cord) == set()
    assert findings(make_mouse(2).gmwm) == set()


# -- values -----------------------------------------------------------------------------------------------------------


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


# -- chain ------------------------------------------------------------------------------------------------------------


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


# -- shape ------------------------------------------------------------------------------------------------------------


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


# -- canal and cord ---------------------------------------------------------------------------------------------------


def test_bone_deep_in_the_canal_is_an_error_a_thin_overlap_a_warning(lumbar):
    depth = ndimage.distance_transform_edt(lumbar.canal.array, sampling=2.0)
    height = np.indices(lumbar.spine.array.shape)[2]
    level = int(lumbar.spine.geometry.to_index(center(lumbar, "L2"))[2].round())
    slab = (np.abs(height - level) <= 2) & (depth > 0)
    deep = edited(lumbar.spine, lambda array: np.putmask(array, slab, v("vertebra_L2")))
    thin = edited(lumbar.spine, lambda array: np.putmask(array, slab & (depth <= 2.0), v("vertebra_L2")))
    for labels, severity in ((deep, "error"), (thin, "warning")):
        problem = the_one(check_labels(labels, lumbar.canal, lumbar.cord), "bone_in_canal")
        assert (problem.structure, problem.severity) == ("vertebra_L2", severity)
        assert abs(problem.position[2] - center(lumbar, "L2")[2]) < 6


def test_cord_outside_the_canal_is_found(lumbar):
    level = int(lumbar.spine.geometry.to_index(center(lumbar, "T12"))[2].round())
    cord = edited(lumbar.cord, lambda array: array.__setitem__((slice(10, 20), slice(20, 26), level), 1))
    problem = the_one(check_labels(lumbar.spine, lumbar.canal, cord), "cord_in_canal")
    assert problem.severity == "error"
    assert problem.slice == (2, level)


def test_slices_with_cord_but_without_canal_are_named(lumbar):
    level = int(lumbar.spine.geometry.to_index(center(lumbar, "T12"))[2].round())
    canal = edited(
        lumbar.canal, lambda array: array.__setitem__((slice(None), slice(None), slice(level, level + 3)), 0)
    )
    problem = the_one(check_labels(lumbar.spine, canal, lumbar.cord), "canal_along_cord")
    assert f"slices {level} to {level + 2}" in problem.message
    assert problem.severity == "error"
    assert the_one(check_labels(lumbar.spine, canal), "tube_in_one_piece").structure == "canal_whole"


def test_a_canal_far_above_the_topmost_label_hints_at_levels_without_label(lumbar):
    upper = [v(f"vertebra_{level}") for level in ("T8", "T9", "T10", "T11", "T12", "L1")]
    labels = edited(lumbar.spine, lambda array: np.putmask(array, np.isin(array, upper), 0))
    assert the_one(check_labels(labels, lumbar.canal), "levels_along_canal").structure == "vertebra_L2"


def test_a_cord_that_ends_at_l4_hints_at_shifted_levels(lumbar):
    cord = edited(lumbar.cord, lambda array: np.putmask(array, lumbar.canal.array > 0, 1))
    low = int(lumbar.spine.geometry.to_index(center(lumbar, "L4"))[2])
    cord.array[:, :, :low] = 0
    assert the_one(check_labels(lumbar.spine, lumbar.canal, cord), "conus_level").structure == "cord"


def test_a_canal_on_another_grid_is_refused_and_a_flipped_one_is_understood(lumbar):
    flipped = storage_variant(lumbar.canal, "LPS")
    assert check_labels(lumbar.spine, flipped) == check_labels(lumbar.spine, lumbar.canal)
    moved = lumbar.canal.geometry.affine.copy()
    moved[0, 3] += 5.0
    with pytest.raises(GeometryError):
        check_labels(lumbar.spine, replace(lumbar.canal, geometry=Geometry(lumbar.canal.array.shape, moved)))


def test_canal_and_cord_among_the_labels_are_used_where_no_other_are_given(lumbar):
    target = scheme("totalspineseg")
    array = lumbar.spine.array.astype(np.int32)
    array[lumbar.canal.array > 0] = target.value_of("canal_without_cord")
    array[lumbar.cord.array > 0] = target.value_of("cord")
    low = int(lumbar.spine.geometry.to_index(center(lumbar, "L4"))[2])
    array[:, :, low:][lumbar.canal.array[:, :, low:] > 0] = target.value_of("cord")
    found = findings(LabelMap(array, lumbar.spine.geometry, target))
    assert found == {("conus_level", "cord")}


# -- rootlets and matter ----------------------------------------------------------------------------------------------


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


# -- the same in every storage order ----------------------------------------------------------------------------------


def test_storage_order_changes_neither_the_problems_nor_their_place_in_the_world(lumbar):
    def change(array):
        array[array == v("vertebra_L3")] = 0
        array[4:14, 72:82, 60:70] = v("vertebra_L2")
        array[2:4, 3:5, 4:6] = 19
        array[lumbar.canal.array > 0] = np.where(array[lumbar.canal.array > 0] == 0, v("vertebra_T12"), 0)

    labels = edited(lumbar.spine, change)
    plain = check_labels(labels, lumbar.canal, lumbar.cord)
    assert len(plain) > 5
    for axcodes in ("LAS", "PIR", "SRA"):
        maps = [storage_variant(m, axcodes) for m in (labels, lumbar.canal, lumbar.cord)]
        turned = check_labels(*maps)
        assert [(p.rule, p.structure, p.severity) for p in turned] == [(p.rule, p.structure, p.severity) for p in plain]
        for a, b in zip(turned, plain, strict=True):
            if a.position is not None:
                assert np.allclose(a.position, b.position, atol=1.01 * 2.0)
                exact = a.rule in ("known_values", "one_piece", "bone_in_canal")
                assert not exact or np.allclose(a.position, b.position, atol=1e-6)


def test_a_problem_can_be_written_as_json(lumbar):
    labels = edited(lumbar.spine, lambda array: array.__setitem__((slice(2, 4), slice(3, 5), slice(4, 6)), 19))
    entry = the_one(check_labels(labels), "known_values").as_dict()
    assert entry["slice"].keys() == {"axis", "index"}
    assert entry["rule"] == "known_values"
    assert len(entry["position"]) == 3


def test_the_input_is_not_changed(lumbar):
    before = lumbar.spine.array.copy()
    check_labels(lumbar.spine, lumbar.canal, lumbar.cord)
    assert (lumbar.spine.array == before).all()
