"""What a rater does beside drawing: problems, models, comparing, marks, verdicts. Seen on the page and in the files."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from review_world import SPINE, spine
from station_world import voxels

from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.imaging import write_labels

pytestmark = pytest.mark.slow
WITH_WORKER = (Path(__file__).parents[1] / "support" / "station_with_worker.py",)


def lab_mask(world, subject, kind="spine_dseg"):
    return world.root / "derivatives" / "labels" / subject / "anat" / f"{subject}_T2w_label-{kind}.nii.gz"


def own_masks(world, subject):
    return sorted((world.root / "derivatives" / "spine-gt-refine" / subject / "anat").glob("*.nii.gz"))


def picture(page) -> bytes:
    """What the sagittal view shows, once it is at rest."""
    page.page.wait_for_timeout(600)
    return page.page.locator(".views img").first.screenshot()


def pixels(page) -> np.ndarray:
    """What the sagittal view shows while the mouse is elsewhere; red, green, blue."""
    page.page.mouse.move(5, 300)
    return np.asarray(Image.open(io.BytesIO(picture(page))).convert("RGB")).astype(int)


def strongly_differ(one: np.ndarray, other: np.ndarray) -> int:
    """How many pixels differ by more than what the compression of the pictures does."""
    return int((abs(one - other).max(axis=-1) > 60).sum())


def test_the_image_is_seen_through_the_masks_at_once_and_undo_brings_the_picture_back(world, start, tab):
    page = tab()
    page.open(start().url)
    page.set("opacity", 0)
    plain = pixels(page)
    page.set("opacity", 0.5)
    filled = pixels(page)
    under = (filled != plain).any(axis=-1)
    assert under.sum() > 10_000
    assert np.corrcoef(filled[under].mean(axis=-1), plain[under].mean(axis=-1))[0, 1] > 0.5
    page.take("paint")
    page.stroke(down=0.3, length=100)
    page.undoes("the last stroke")
    assert strongly_differ(pixels(page), filled) > 100
    page.press("Control+z")
    page.undoes("")
    assert strongly_differ(pixels(page), filled) == 0


def test_the_next_problem_is_shown_and_its_structure_selected(world, start, tab):
    piece = spine().array.copy()
    piece[0:2, 0:2, 0:2] = SPINE.scheme.value_of("vertebra_L1")
    write_labels(lab_mask(world, "sub-01"), spine().with_array(piece))
    page = tab()
    page.open(start().url)
    page.until("problems", "value.length > 0")
    before = picture(page)
    names = [row["name"] for row in page.state("problems")]
    place = next(n for n, name in enumerate(names) if name == "L1 vertebra")
    page.press("n")
    page.until("problem", "value === 0")
    page.act("problem", place)
    page.until("active", "value === 'vertebra_L1'")
    assert picture(page) != before
    page.press("p")
    page.until("problem", f"value === {(place - 1) % len(names)}")
    assert page.errors == []


def test_marks_note_and_grade_are_saved_with_the_mask(world, start, tab):
    page = tab()
    page.open(start().url)
    page.act("select", "vertebra_L3")
    page.press("v")
    page.until("verified_text", "value.startsWith('1 ')")
    page.act("select", "vertebra_L1")
    page.press("v")
    page.until("verified_text", "value.startsWith('2 ')")
    page.take("paint")
    page.stroke()  # the middle of the image is L3 or L2; the selected structure takes it
    page.undoes("the last stroke")
    page.until("verified_text", "!value.startsWith('2 ')")
    page.press("Control+z")
    page.until("verified_text", "value.startsWith('2 ')")
    page.set("note", "thin discs")
    page.set("grade", "2 good")
    page.save()
    own = world.own(own_masks(world, "sub-01")[0])
    assert (own["Grade"], own["Verified"]) == (2, {"Structures": ["vertebra_L1", "vertebra_L3"]})
    assert read_events(world.dataset().output)[-1].note == "thin discs"


def test_a_note_and_a_grade_that_were_just_given_belong_to_the_mask_and_not_to_the_next_one(world, start, tab):
    page = tab()
    page.open(start().url)
    page.set("filter_kind", "spine")
    page.press("c")
    page.page.keyboard.type("thin discs")
    page.press("Control+Enter")
    page.until("row_key", "value === 'sub-02_T2w/spine'")
    assert page.page.get_by_test_id("note").input_value() == ""
    page.page.get_by_test_id("grade").select_option("2 good")
    page.press("Control+Enter")
    page.until("row_key", "value === 'sub-03_T2w/spine'")
    assert page.state("grade") == "no grade"
    told = [(event.case, event.note, event.grade) for event in read_events(world.dataset().output)]
    assert told == [("sub-01_T2w", "thin discs", None), ("sub-02_T2w", "", 2)]


def test_a_key_that_is_pressed_twice_in_haste_or_held_down_judges_one_mask_only(world, start, tab):
    page = tab()
    page.open(start().url)
    page.set("filter_kind", "spine")
    page.press("Control+Enter")
    page.press("Control+Enter")
    page.until("row_key", "value === 'sub-02_T2w/spine'")
    page.page.keyboard.down("Control")
    for _ in range(5):
        page.page.keyboard.down("Enter")
        page.page.wait_for_timeout(200)
    page.page.keyboard.up("Enter")
    page.page.keyboard.up("Control")
    page.until("row_key", "value === 'sub-03_T2w/spine'")
    assert [event.case for event in read_events(world.dataset().output)] == ["sub-01_T2w", "sub-02_T2w"]


def test_a_mask_is_flagged_with_a_reason_and_a_case_is_left_out(world, start, tab):
    page = tab()
    page.open(start().url)
    page.set("filter_kind", "spine")
    page.set("note", "movement")
    page.press("Control+Shift+Enter")
    page.until("row_key", "value === 'sub-02_T2w/spine'")
    page.set("note", "no spine in it")
    page.click("exclude")
    page.until("row_key", "value === 'sub-03_T2w/spine'")
    told = {(e.case, e.status): e.reason for e in read_events(world.dataset().output)}
    assert told["sub-01_T2w", "flagged"] == "movement"
    assert told["sub-02_T2w", "excluded"] == "no spine in it"
    assert np.array_equal(voxels(own_masks(world, "sub-01")[0]), spine().array)
    assert not own_masks(world, "sub-02")
    states = {row["case"]: row["status"] for row in page.state("rows")}
    assert (states["sub-01_T2w"], states["sub-02_T2w"]) == ("flagged", "excluded")


def test_a_structure_is_added_and_hidden_ones_are_saved_all_the_same(world, start, tab):
    page = tab()
    page.open(start().url)
    hidden = next(row["id"] for row in page.state("segments") if row["key"] == "vertebra_L3")
    page.act("toggleSegment", hidden)
    page.set("to_add", "vertebra_L5")
    page.act("add")
    page.until("active", "value === 'vertebra_L5'")
    page.take("paint")
    page.stroke(down=0.2)
    page.undoes("the last stroke")
    page.save()
    after, before = voxels(own_masks(world, "sub-01")[0]), spine().array
    assert (after != before).any()
    assert set(after[after != before].tolist()) == {SPINE.scheme.value_of("vertebra_L5")}


def test_another_version_is_compared_and_adopted_in_parts_or_whole(world, start, tab):
    page = tab()
    page.open(start().url)
    page.act("select", "vertebra_L2")
    page.act("partner", "merge")  # into the next one toward the tail
    page.undoes("merge L2 vertebra into L3 vertebra")
    page.act("select", "vertebra_L1")
    page.act("partner", "rename")
    page.undoes("relabel L1 vertebra as L2 vertebra")
    page.act("compare")
    page.until("differences", "value.length === 3")
    rows = {row["key"]: row for row in page.state("differences")}
    assert (rows["vertebra_L1"]["before"], rows["vertebra_L1"]["after"]) == (0, 252)
    page.press("k")
    page.until("blink", "value === true")
    page.press("k")
    page.until("blink", "value === false")
    page.set("chosen", ["vertebra_L1"])  # where the voxels are called L2 at the moment
    page.act("adoptChosen")
    page.until("undo_text", "value.startsWith('adopt ')")
    page.act("adoptAll")
    page.until("differences", "value.length === 0")
    page.press("Control+z")
    page.press("Control+z")
    page.undoes("relabel L1 vertebra as L2 vertebra")
    page.press("Control+y")
    page.until("undo_text", "value.startsWith('adopt ')")
    page.save()
    values = [SPINE.scheme.value_of(key) for key in ("vertebra_L1", "vertebra_L2", "vertebra_L3")]
    expected = spine().array.copy()
    expected[expected == values[1]] = values[2]
    assert np.array_equal(voxels(own_masks(world, "sub-01")[0]), expected)


def test_a_second_contrast_is_faded_in_and_no_mask_changes(world, start, tab):
    world.add_case("sub-01_T1w")
    page = tab()
    page.open(start().url)
    page.act("open", "sub-01_T2w", "spine")
    page.until("row_key", "value === 'sub-01_T2w/spine'")
    alone = picture(page)
    page.set("contrast", "sub-01_T1w")
    page.set("fade", 1)
    other = picture(page)
    assert other != alone
    page.set("fade", 0.1)
    assert picture(page) != other
    page.set("contrast", "none")
    alone = picture(page)
    page.set("window", "Dark")
    assert picture(page) != alone
    page.set("show_3d", True)
    page.page.wait_for_function("document.querySelectorAll('.views img').length >= 4")
    page.set("show_3d", False)
    page.save()
    assert np.array_equal(voxels(own_masks(world, "sub-01")[0]), spine().array)
    assert (page.errors, page.elsewhere) == ([], [])


def test_a_model_runs_beside_the_work_can_be_cancelled_and_its_mask_is_a_proposal(world, start, tab):
    page = tab()
    page.open(start(program=WITH_WORKER).url)
    page.open_mask("sub-01_T2w", "canal")
    page.set("recipe", "canal")
    page.press("m")
    page.until("run_percent", "value > 0 && value < 100", timeout_s=30)
    page.act("cancel")
    page.until("running", "!value", timeout_s=30)
    assert page.state("run_stage") == "cancelled"
    page.press("m")
    page.until("run_stage", "value.includes('/12')", timeout_s=30)
    page.take("paint")
    page.stroke()
    page.undoes("the last stroke")
    page.until("comparing", "value !== ''", timeout_s=30)
    assert page.state("undo_text") == "the last stroke", "what arrives changes nothing"
    assert page.state("difference").endswith("a fake"), "what the model warns of is told"
    page.act("stopComparing")
    page.until("difference", "value === ''")
    page.act("compare")
    page.until("difference", "value.endsWith('a fake')")
    page.act("adoptAll")
    page.until("undo_text", "value.startsWith('adopt ')")
    page.save()
    image = voxels(world.root / "sub-01" / "anat" / "sub-01_T2w.nii.gz")
    mine = next(path for path in own_masks(world, "sub-01") if "proposed" not in path.name)
    assert np.array_equal(voxels(mine) > 0, image > np.percentile(image, 97))
