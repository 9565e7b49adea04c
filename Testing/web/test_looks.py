"""The page on a small laptop and on a desk: nothing cut or covered, everything named, readable, reachable."""

import shutil
from pathlib import Path

import pytest
from review_world import ReviewWorld
from station_world import Page, StationProcess

pytestmark = pytest.mark.slow
SIZES = ({"width": 1366, "height": 768}, {"width": 1920, "height": 1080})
WAIT_S = 60
BROKEN = "sub-09_T2w"
HELD = "sub-03_T2w"
LOOKS = (Path(__file__).parent / "looks.js").read_text()
REACHABLE = """() => [...document.querySelectorAll('button, select, input')].filter((each) =>
    each.tabIndex >= 0 && !each.disabled && each.checkVisibility() && !each.closest('[inert], .modal'))
    .map((each) => each.dataset.testid + (each.dataset.key || ''))"""
FOCUSED = "() => document.activeElement.dataset.testid + (document.activeElement.dataset.key || '')"


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("looks")
    world = ReviewWorld(folder / "dataset")
    world.add_case(BROKEN, ("spine",))
    image = world.root / "sub-09" / "anat" / f"{BROKEN}.nii.gz"
    image.write_bytes(image.read_bytes()[:999])
    station = StationProcess(world.root, folder / "station.log")
    context = browser.new_context(viewport=SIZES[0])
    page = Page(context.new_page())
    page.open(station.url)
    page.act("select", "vertebra_L4")
    page.until("active", "value === 'vertebra_L4'")
    page.world = world
    yield page
    context.close()
    station.stop()
    world.close()
    shutil.rmtree(folder)


def check(page, state: str) -> None:
    wrong = []
    for size in SIZES:
        page.page.set_viewport_size(size)
        page.page.wait_for_timeout(300)
        wrong += [f"{state}, {size['width']} wide: {each}" for each in page.page.evaluate(LOOKS)]
    page.page.set_viewport_size(SIZES[0])
    assert wrong == []


@pytest.mark.parametrize("tool", ["none", "paint", "scissors", "threshold", "islands", "smoothing"])
def test_worklist_and_tools(page, tool):
    page.page.get_by_test_id("tab-worklist").click()
    page.page.get_by_test_id(f"tool-{tool}").click()
    page.until("tool", f"value === '{tool}'", timeout_s=WAIT_S)
    check(page, tool)
    page.press("Escape")  # the preview of the threshold keeps the station busy
    page.until("tool", "value === 'none'", timeout_s=WAIT_S)


@pytest.mark.parametrize("mode", ["structure", "slices"])
def test_check_and_levels(page, mode):
    page.page.get_by_test_id("tab-problems").click()
    page.page.get_by_test_id(f"tab-{mode}").click()
    page.press("n")
    check(page, mode)


def test_compare(page):
    page.page.get_by_test_id("tab-structure").click()
    page.act("keepLargest")
    page.page.get_by_test_id("tab-compare").click()
    page.page.get_by_test_id("compare").click()
    page.until("comparing", "value !== ''")
    check(page, "compare")


def test_keys_are_listed_and_escape_goes_back_to_where_one_was(page):
    page.page.get_by_test_id("keys").click()
    page.page.get_by_test_id("close-keys").wait_for()
    page.page.wait_for_function("document.activeElement.dataset.testid === 'close-keys'")
    check(page, "keys")
    page.press("Escape")
    page.page.wait_for_function("document.activeElement.dataset.testid === 'keys'")


def test_what_would_be_lost_is_asked_for_first(page):
    page.act("select", "vertebra_L1")
    page.act("shiftDown")
    page.until("dirty", "value")
    page.page.get_by_test_id("giveUp").click()
    page.page.get_by_test_id("confirm").wait_for()
    check(page, "question")
    page.page.get_by_test_id("go-back").click()
    page.until("asking", "value === null")
    assert page.state("dirty")
    page.page.get_by_test_id("giveUp").click()
    page.page.get_by_test_id("confirm").click()
    page.until("dirty", "!value")


def test_tab_reaches_every_control_and_the_way_around_is_short(page):
    page.page.get_by_test_id("tab-worklist").click()
    page.page.get_by_test_id("tab-draw").click()
    page.act("select", "vertebra_L4")
    page.until("active", "value === 'vertebra_L4'")
    page.page.wait_for_timeout(500)
    wanted = set(page.page.evaluate(REACHABLE))
    assert {"case-rowsub-01_T2w/spine", "segmentvertebra_L4", "saveAndNext", "note", "slice-Sagittal"} <= wanted
    reached = set()
    for _ in range(len(wanted) + 5):
        page.press("Tab")
        reached.add(page.page.evaluate(FOCUSED))
    assert wanted <= reached
    assert len(wanted) < 60, "a list is one stop, whatever its length"


def test_lists_and_tabs_are_walked_with_the_arrows(page):
    page.page.get_by_test_id("tab-worklist").focus()
    page.press("ArrowRight")
    page.until("tab", "value === 'problems'")
    page.press("ArrowLeft")
    page.until("tab", "value === 'worklist'")
    page.page.locator("[data-testid=segment][data-key=vertebra_L4]").focus()
    page.press("ArrowUp")
    page.press("Enter")
    page.until("active", "value !== 'vertebra_L4' && value !== ''")


def test_an_image_that_cannot_be_read_is_told_and_left_behind(page):
    page.act("open", BROKEN, "canal")
    page.until("failure", "value !== null")
    assert "sub-09" in page.state("failure")["what"]
    check(page, "failure")
    page.page.get_by_test_id("nextToDo").click()
    page.until("is_open", "value")
    assert page.state("failure") is None


def test_a_mask_in_a_colleagues_hands_is_shown_and_why_it_stays_there_is_told(page):
    colleague = page.world.session("CD")
    colleague.open(colleague.worklist.item((HELD, "spine")))
    page.act("open", HELD, "spine")
    page.until("case_title", f"value === '{HELD}'")
    page.until("can_edit", "!value")
    check(page, "held")
    page.click("takeOverMask")
    page.until("message", "value.includes('still at work')")
    assert not page.state("can_edit")


def test_learn_says_what_to_do_first(page):
    page.act("open", HELD, "canal")
    page.until("row_key", f"value === '{HELD}/canal'")
    page.click("learn")
    page.page.get_by_test_id("learn-hint").wait_for()
    check(page, "learn")
    page.press("Escape")
    page.until("learn", "!value")


def test_after_the_last_mask_the_page_says_that_all_is_done(page):
    page.set("filter_text", HELD)
    page.set("filter_kind", "canal")
    page.until("rows", "value.length === 1")
    page.act("open", HELD, "canal")
    page.until("row_key", f"value === '{HELD}/canal'")
    page.press("Alt+Shift+n")
    page.until("message", "value === 'No other mask is left to do in this list.'")
    page.press("Alt+Shift+p")
    page.until("message", "value === 'No mask before this one is left to do.'")
    page.press("Control+Enter")
    page.until("is_open", "!value")
    page.page.get_by_role("heading", name="Everything in this list is done").wait_for()
    assert [row["status"] for row in page.state("rows")] == ["accepted as it was"]
    check(page, "done")
    page.click("learn")
    page.page.get_by_role("heading", name="Learn: canal masks").wait_for()
