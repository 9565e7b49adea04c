"""A rater without a mouse: the whole work on a mask, from the first page to the saved file, by keys alone."""

from itertools import pairwise

import numpy as np
import pytest
from review_world import SPINE, spine
from station_world import voxels

from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.imaging import write_labels

pytestmark = pytest.mark.slow
FOCUSED = """() => {
  const { dataset, ariaLabel } = document.activeElement;
  return [dataset.testid || ariaLabel, dataset.key];
}"""
"""What the control with the focus is called, and of which row it is."""
STOPS = 70
"""More than there are stops on the page: who has not arrived then cannot get there."""


def reach(page, name: str) -> None:
    """Press Tab until a control has the focus."""
    for _ in range(STOPS):
        page.press("Tab")
        if page.page.evaluate(FOCUSED)[0] == name:
            return
    raise AssertionError(f"Tab does not reach {name}")


def walk(page, testid: str, key: str) -> None:
    """Go to a row of a list: Tab to the list, then the arrows."""
    reach(page, testid)
    for step in [*["ArrowUp"] * 9, *["ArrowDown"] * 9]:
        if page.page.evaluate(FOCUSED) == [testid, key]:
            return
        page.press(step)
    raise AssertionError(f"the arrows do not reach {key}")


def write_stray_piece(world) -> np.ndarray:
    """Give the second case's mask a piece of L1 in a corner; returns the mask's voxels."""
    array = spine().array.copy()
    array[0:2, 0:2, 0:2] = SPINE.scheme.value_of("vertebra_L1")
    name = "derivatives/labels/sub-02/anat/sub-02_T2w_label-spine_dseg.nii.gz"
    write_labels(world.root / name, spine().with_array(array))
    return array


def choose_case(page) -> None:
    reach(page, "filter_kind")
    page.press("s")
    page.until("filter_kind", "value === 'spine'")
    page.until("rows", "value.length === 3")
    walk(page, "case-row", "sub-02_T2w/spine")
    page.press("Enter")
    page.until("case_title", "value === 'sub-02_T2w'")


def jump_to_the_problem(page) -> None:
    page.until("problems", "value.length > 0")
    page.press("n")
    page.until("problem", "value === 0")
    page.until("active", "value !== ''")


def change_tool_and_structure(page) -> None:
    brush_mm = page.state("brush_mm")
    page.press("1")
    page.until("tool", "value === 'paint'")
    page.press("]")
    page.until("brush_mm", f"value === {brush_mm + 1}")
    page.press("Escape")
    page.until("tool", "value === 'none'")
    walk(page, "segment", "vertebra_L1")
    page.press("Enter")
    page.until("active", "value === 'vertebra_L1'")


def shift_undo_redo(page) -> None:
    page.press("l")
    page.undoes("shift levels +1 from L1 vertebra")
    page.press("Control+z")
    page.undoes("")
    page.press("Control+y")
    page.undoes("shift levels +1 from L1 vertebra")


def adopt_the_labs_l1(page) -> None:
    reach(page, f"tab-{page.state('tab')}")
    while (tab := page.state("tab")) != "compare":
        page.press("ArrowRight")
        page.until("tab", f"value !== '{tab}'")
    reach(page, "compare")
    page.press("Enter")
    page.until("differences", "value.length > 0")
    reach(page, "blink")
    reach(page, "Adopt L1 vertebra")
    page.press("Space")
    page.until("chosen", "value.includes('vertebra_L1')")
    reach(page, "adoptChosen")
    page.press("Enter")
    page.until("undo_text", "value.startsWith('adopt ')")


def judge_and_save(page) -> None:
    page.press("c")
    page.page.keyboard.type("levels were one too high")
    page.press("Enter")
    reach(page, "grade")
    page.press("ArrowDown")
    page.press("ArrowDown")
    page.until("grade", "value === '2 good'")
    page.press("Control+Enter")
    page.page.wait_for_function("document.activeElement.dataset.testid === 'go-back'")  # the stray piece
    reach(page, "insist")
    page.press("Enter")
    page.until("case_title", "value === 'sub-03_T2w'")


def test_the_whole_work_on_a_mask_is_done_by_keys_alone(world, start, tab):
    lab = write_stray_piece(world)
    page = tab()
    page.open(start().url)
    choose_case(page)
    jump_to_the_problem(page)
    change_tool_and_structure(page)
    shift_undo_redo(page)
    adopt_the_labs_l1(page)
    judge_and_save(page)

    levels = [SPINE.scheme.value_of(f"vertebra_L{number}") for number in range(2, 6)]
    expected = lab.copy()
    for old, new in pairwise(levels):
        expected[lab == old] = new
    (saved,) = (world.root / "derivatives" / "spine-gt-refine" / "sub-02" / "anat").glob("*.nii.gz")
    assert np.array_equal(voxels(saved), expected)
    event = read_events(world.dataset().output)[-1]
    assert (event.case, event.status, event.note) == ("sub-02_T2w", "corrected", "levels were one too high")
    assert world.own(saved)["Grade"] == 2
    assert page.errors == []
