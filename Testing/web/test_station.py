"""A rater's work in a real browser: what is painted is what is saved, and nothing else changes."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from review_world import SPINE, spine
from station_world import voxels

from SpineGTRefineLib.errors import MissingDependencyError, UsageError

pytestmark = pytest.mark.slow
L4 = SPINE.scheme.value_of("vertebra_L4")


def lab_mask(world, subject="sub-01") -> np.ndarray:
    return voxels(next((world.root / "derivatives" / "labels" / subject / "anat").glob("*label-spine_dseg.nii.gz")))


def saved(world, subject="sub-01") -> Path:
    own = world.root / "derivatives" / "spine-gt-refine" / subject / "anat"
    return next(own.glob("*seg-spine*_dseg.nii.gz"))


@pytest.fixture
def page(start, tab):
    page = tab()
    page.open(start().url)
    return page


def test_only_the_voxels_of_a_stroke_change_and_undo_says_what_it_undoes(world, page):
    assert page.state("row_key") == "sub-01_T2w/spine"
    page.act("select", "vertebra_L4")
    page.press("1")
    page.until("tool", "value === 'paint'")
    page.stroke()
    page.until("undo_text", "value === 'the last stroke'")
    page.press("Control+z")
    page.until("redo_text", "value === 'the last stroke'")
    page.press("Control+y")
    page.until("undo_text", "value === 'the last stroke'")
    page.save()
    before, after = lab_mask(world), voxels(saved(world))
    changed = before != after
    assert changed.any()
    assert set(after[changed].tolist()) == {L4}
    assert len(np.unique(np.nonzero(changed)[0])) == 1, "a flat brush stays in one sagittal slice"
    assert page.elsewhere == []
    assert page.errors == []


def test_a_chain_of_levels_is_shifted_by_one_act_and_one_undo_takes_it_back(world, page):
    page.act("select", "vertebra_L1")
    page.until("active", "value === 'vertebra_L1'")
    page.press("l")
    page.until("undo_text", "value.startsWith('shift levels')")
    page.press("Control+z")
    page.until("undo_text", "value === ''")
    page.press("Control+y")
    page.until("undo_text", "value.startsWith('shift levels')")
    page.save()
    after = voxels(saved(world))
    expected = {value + 1 for value in np.unique(spine().array).tolist() if value}
    assert set(np.unique(after).tolist()) - {0} == expected
    assert np.array_equal(after > 0, lab_mask(world) > 0)


def test_after_a_crash_the_next_station_goes_on_with_the_draft(start, tab, world):
    first = start()
    page = tab()
    page.open(first.url)
    page.act("select", "vertebra_L4")
    page.press("1")
    page.stroke()
    page.until("undo_text", "value !== ''")
    page.press("Alt+d")
    page.until("draft_text", "value.startsWith('draft kept')")
    first.kill()
    again = tab()
    again.open(start().url)
    again.act("open", "sub-01_T2w", "spine")
    again.until("row_key", "value === 'sub-01_T2w/spine'")
    again.until("origin", "value.startsWith('draft by AB')", timeout_s=90)
    again.save()
    changed = lab_mask(world) != voxels(saved(world))
    assert changed.any()
    assert set(voxels(saved(world))[changed].tolist()) == {L4}


def test_ctrl_c_ends_the_station_and_keeps_what_was_not_saved_and_a_colleague_can_only_look(start, tab):
    first, page = start(), tab()
    page.open(first.url)
    page.act("select", "vertebra_L4")
    page.press("1")
    page.stroke()
    page.undoes("the last stroke")
    colleague = tab()
    colleague.open(start(rater="CD").url)
    colleague.act("open", "sub-01_T2w", "spine")
    colleague.until("row_key", "value === 'sub-01_T2w/spine'")
    assert not colleague.state("can_edit")
    colleague.press("1")
    colleague.stroke()
    colleague.page.wait_for_timeout(300)
    assert (colleague.state("tool"), colleague.state("undo_text")) == ("none", "")
    assert first.stop() == 0
    again = tab()
    again.open(start().url)
    again.act("open", "sub-01_T2w", "spine")
    again.until("origin", "value.startsWith('draft by AB')", timeout_s=30)
    assert again.state("can_edit")


def test_a_second_tab_is_told_and_can_take_over_and_a_reload_loses_nothing(start, tab):
    url = start().url
    first, second = tab(), tab()
    first.open(url)
    first.act("select", "vertebra_L4")
    first.press("1")
    first.stroke()
    first.undoes("the last stroke")
    second.open(url)
    assert second.page.locator("#curtain").is_visible()
    second.page.locator("#take-over").click()
    first.page.locator("#curtain").wait_for(state="visible")
    second.page.locator("#curtain").wait_for(state="hidden")
    second.page.reload()
    second.ready()
    assert second.page.locator("#curtain").is_hidden()
    assert second.state("undo_text") == "the last stroke"
    second.press("Control+z")
    second.undoes("")


def test_a_page_that_waits_is_not_heard_whatever_it_sends(start, tab):
    url = start().url
    first, second = tab(), tab()
    first.open(url)
    first.press("1")
    first.until("tool", "value === 'paint'")
    second.open(url)
    view = first.page.locator(".views img").first.bounding_box()
    held = dict.fromkeys(("shiftKey", "altKey", "ctrlKey", "metaKey"), 0)
    place = {"x": int(view["width"] / 2), "y": int(view["height"] / 2), "w": view["width"], "h": view["height"]}
    clicks = [{"type": kind, **place, **held} for kind in ("MouseMove", "LeftButtonPress", "LeftButtonRelease")]
    holder = first.state("holder")
    send = "([name, args]) => window.trame.client.getConnection().getSession().call(name, args)"
    for message in (
        *(["trame.rca.event", ["Yellow", "anonymous", click]] for click in clicks),
        ["trame.trigger", ["act", [holder, "shiftUp"], {}]],
        ["trame.trigger", ["sit", [holder], {}]],
        ["trame.state.update", [[{"key": "note", "value": "not mine"}, {"key": "brush_mm", "value": 60}]]],
    ):
        second.page.evaluate(send, message)
    second.page.wait_for_timeout(500)
    assert (first.state("note"), first.state("brush_mm"), first.state("undo_text")) == ("", 6, "")
    first.stroke()
    first.undoes("the last stroke")


def test_a_seat_that_was_left_is_free_for_who_waits(start, tab):
    url = start().url
    first, second = tab(), tab()
    first.open(url)
    second.open(url)
    first.page.close()
    second.page.locator("#curtain").wait_for(state="hidden", timeout=15000)
    second.press("1")
    second.until("tool", "value === 'paint'")


def test_who_has_no_token_gets_neither_the_page_nor_a_file(start, tab):
    from urllib.error import HTTPError
    from urllib.request import urlopen

    station = start()
    url = station.url
    stranger = tab().page
    stranger.goto(url.partition("?")[0])
    stranger.wait_for_timeout(4000)
    assert stranger.locator("[data-testid=saveAndNext]").count() == 0
    base = url.partition("/index.html")[0]
    for path in ("/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/sub-01/anat/sub-01_T2w.nii.gz"):
        with pytest.raises(HTTPError):
            urlopen(base + path)
    assert station.log.read_text() == "", "the terminal shows the address and no noise"


@pytest.mark.usefixtures("station_extra")
def test_a_port_that_is_taken_is_told_with_what_to_do(world):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = ["review", str(world.root), "--port", str(taken.getsockname()[1])]
        told = subprocess.run(
            [sys.executable, "-m", "SpineGTRefineLib", *command], capture_output=True, text=True, check=False
        )
    assert told.returncode == UsageError.exit_code
    assert "Leave --port out" in told.stderr


@pytest.mark.usefixtures("station_extra")
def test_without_libraries_to_draw_with_the_user_is_told_what_to_install(world, tmp_path):
    for name in ("EGL", "GL", "GLX", "GLdispatch", "OpenGL", "OSMesa", "X11"):
        for version in ("", ".0", ".1", ".6", ".8"):
            (tmp_path / f"lib{name}.so{version}").touch()  # found before the real one, and cannot be loaded
    told = subprocess.run(
        [sys.executable, "-m", "SpineGTRefineLib", "review", str(world.root)],
        capture_output=True,
        text=True,
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        check=False,
    )
    assert told.returncode == MissingDependencyError.exit_code
    assert "sudo apt-get install libegl1 libgl1" in told.stderr
