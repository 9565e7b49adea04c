"""Every tool of the station with the real mouse and keys: the saved file holds what the tool says, and nothing else."""

import numpy as np
import pytest
from review_world import SPINE, spine
from station_desk import Desk
from station_world import Page, StationProcess

from SpineGTRefineLib.review import operations

pytestmark = pytest.mark.slow
KEY = "vertebra_L2"
VALUE = SPINE.scheme.value_of(KEY)
L1, L3, L4, L5 = (SPINE.scheme.value_of(f"vertebra_L{number}") for number in (1, 3, 4, 5))


def with_pieces():
    """Two crumbs of one voxel and one piece of eight beside the vertebra."""
    array = spine().array.copy()
    array[0, 0, 0] = array[9, 11, 20] = VALUE
    array[0:2, 0:2, 30:32] = VALUE
    return array


def with_hole():
    array = spine().array.copy()
    array[4, 6, 24] = 0
    return array


def with_gap():
    """The vertebra is drawn in its first and last sagittal slice only."""
    array = spine().array.copy()
    array[3:7][array[3:7] == VALUE] = 0
    return array


PLAIN = ("draw", "scissors", "threshold", "empty", "inside", "range", "levels", "erase", "last")
ODD = {"islands": with_pieces, "smoothing": with_hole, "between": with_gap, "copied": with_gap}


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tools")
    page = Page(browser.new_page(viewport={"width": 1366, "height": 768}))
    masks = {name: spine().array for name in PLAIN} | {name: mask() for name, mask in ODD.items()}
    desk = Desk(folder / "dataset", page, masks)
    station = StationProcess(folder / "dataset", folder / "station.log")
    page.open(station.url)
    yield desk
    page.page.close()
    station.stop()


RECTANGLE = [(-60, -60), (60, -60), (60, 60), (-60, 60)]
EVERYTHING = [(-200, -290), (200, -290), (200, 290), (-200, 290)]


def test_draw_fills_what_was_drawn_around_in_one_slice(desk):
    desk.open("draw", KEY)
    desk.page.press("3")
    desk.page.drag(RECTANGLE)
    desk.page.undoes("the last stroke")
    before, after = desk.before, desk.saved()
    drawn = np.argwhere(after != before)
    assert set(after[after != before].tolist()) == {VALUE}
    assert len(set(drawn[:, 0])) == 1
    box = tuple(slice(low, high + 1) for low, high in zip(drawn.min(0), drawn.max(0), strict=True))
    assert (after[box] == VALUE).all(), "no hole inside"


def test_scissors_cut_the_selected_structure_only(desk):
    desk.open("scissors", KEY)
    desk.page.press("4")
    desk.page.drag(EVERYTHING)
    desk.page.undoes("the last stroke")
    assert np.array_equal(desk.saved(), np.where(desk.before == VALUE, 0, desk.before))


def test_threshold_takes_the_chosen_intensities_and_undo_gives_them_back(desk):
    desk.open("threshold", KEY)
    desk.page.press("5")
    desk.page.set("intensity", [600, 700])
    desk.page.click("applyTool")
    desk.page.undoes("the last stroke")
    desk.page.press("Control+z")
    desk.page.undoes("")
    desk.page.press("Control+y")
    desk.page.undoes("the last stroke")
    chosen = (desk.image >= 600) & (desk.image <= 700)
    assert np.array_equal(desk.saved(), np.where(chosen, VALUE, desk.before))


def test_tools_that_may_change_empty_voxels_only_leave_the_structures_alone(desk):
    desk.open("empty", KEY)
    desk.page.set("area", "empty voxels only")
    desk.page.press("5")
    desk.page.set("intensity", [600, 700])
    desk.page.click("applyTool")
    desk.page.undoes("the last stroke")
    chosen = (desk.image >= 600) & (desk.image <= 700) & (desk.before == 0)
    assert np.array_equal(desk.saved(), np.where(chosen, VALUE, desk.before))


def test_a_brush_that_may_change_structures_only_paints_no_empty_voxel(desk):
    desk.open("inside", KEY)
    desk.page.set("area", "inside structures")
    desk.page.take("paint")
    desk.page.set("brush_mm", 20)
    desk.page.stroke(down=0.3, length=250)
    desk.page.undoes("the last stroke")
    before, after = desk.before, desk.saved()
    assert (before != after).sum() > 20
    assert (before[before != after] > 0).all()
    assert (after[before != after] == VALUE).all()


def test_a_brush_within_intensities_paints_no_others(desk):
    desk.open("range", KEY)
    desk.page.set("intensity", [500, 1000])
    desk.page.set("in_range_only", True)
    desk.page.take("paint")
    desk.page.set("brush_mm", 20)
    desk.page.set("sphere", True)
    desk.page.stroke(down=0.3, length=200)
    desk.page.undoes("the last stroke")
    before, after = desk.before, desk.saved()
    changed = before != after
    assert changed.sum() > 20
    assert len(np.unique(np.nonzero(changed)[0])) > 1, "a ball goes through several slices"
    assert (desk.image[changed] >= 500).all()


def test_erase_takes_voxels_of_the_selected_structure_only(desk):
    desk.open("erase", KEY)
    desk.page.press("2")
    desk.page.set("brush_mm", 30)
    desk.page.stroke(down=0.2, length=400)
    desk.page.undoes("the last stroke")
    before, after = desk.before, desk.saved()
    assert set(before[before != after].tolist()) == {VALUE}
    assert set(after[before != after].tolist()) == {0}


def test_small_pieces_go_and_large_ones_stay(desk):
    desk.open("islands", KEY)
    desk.page.press("6")
    desk.page.set("island_voxels", 5)
    desk.page.click("applyTool")
    desk.page.undoes("the last stroke")
    expected = desk.before
    expected[0, 0, 0] = expected[9, 11, 20] = 0
    assert np.array_equal(desk.saved(), expected)


def test_smoothing_closes_a_hole_and_leaves_other_structures_alone(desk):
    desk.open("smoothing", KEY)
    desk.page.press("7")
    desk.page.set("smoothing", "closing")
    desk.page.set("smooth_mm", 5)
    desk.page.click("applyTool")
    desk.page.undoes("the last stroke")
    assert np.array_equal(desk.saved(), spine().array)


def test_slices_between_drawn_ones_are_filled(desk):
    desk.open("between", KEY)
    desk.page.set("mode", "slices")
    desk.page.click("fillBetween")
    desk.page.undoes("fill L2 vertebra between slices")
    wanted = operations.fill_between_slices(KEY).function(spine().with_array(desk.before))
    assert np.array_equal(desk.saved(), wanted.array)
    assert (wanted.array[2:8] == spine().array[2:8]).all()


def test_a_structure_is_copied_from_the_slice_before_and_the_slice_is_vouched_for_with_keys_alone(desk):
    desk.open("copied", KEY)
    for key in ("j", "ArrowRight", "d"):
        desk.page.press(key)
    desk.page.until("undo_text", "value.startsWith('copy L2 vertebra from slice')")
    desk.page.press("e")
    desk.page.until("slices_vouched", "value === '1 slice vouched for'")
    after, drawn = desk.saved(), np.unique(np.nonzero(desk.before == VALUE)[0])
    (new,) = set(np.unique(np.nonzero(after == VALUE)[0])) - set(drawn)
    (source,) = {new - 1, new + 1} & set(drawn)
    expected = desk.before.copy()
    expected[new][desk.before[source] == VALUE] = VALUE
    assert np.array_equal(after, expected)


def test_levels_are_swapped_renamed_merged_and_pieces_dropped_each_as_one_step_with_its_name(desk):
    desk.open("levels", "vertebra_L4")
    page = desk.page
    page.set("mode", "structure")
    page.set("partner", "vertebra_L3")
    page.click("partner-swap")
    page.undoes("swap L4 vertebra and L3 vertebra")
    page.set("partner", "vertebra_L5")
    page.click("partner-rename")
    page.undoes("relabel L4 vertebra as L5 vertebra")
    page.press("Control+z")
    page.undoes("swap L4 vertebra and L3 vertebra")
    page.press("Control+z")
    page.undoes("")
    page.press("Control+y")
    page.press("Control+y")
    page.undoes("relabel L4 vertebra as L5 vertebra")
    page.act("select", "vertebra_L1")
    page.set("partner", "vertebra_L2")
    page.click("partner-merge")
    page.undoes("merge L1 vertebra into L2 vertebra")
    before = desk.before
    expected = before.copy()
    expected[before == L4], expected[before == L3] = L3, L5
    expected[before == L1] = VALUE
    assert np.array_equal(desk.saved(), expected)
