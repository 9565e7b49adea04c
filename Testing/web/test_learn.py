"""The dialog Learn in a real browser: a version, a training with its progress, what the worklist makes of it."""

from pathlib import Path

import pytest
from review_world import ReviewWorld
from station_world import Page, StationProcess

from SpineGTRefineLib.bids import load_mask, mask_type, save_mask
from SpineGTRefineLib.imaging import read_image

pytestmark = pytest.mark.slow
LOOKS = (Path(__file__).parent / "looks.js").read_text()
STATION = Path(__file__).resolve().parents[1] / "support" / "learning_station.py"


@pytest.fixture
def page(browser, tmp_path, monkeypatch):
    """The station on three corrected spine masks."""
    monkeypatch.setenv("SPINEGTREFINE_MODELS", str(tmp_path / "models"))
    world = ReviewWorld(tmp_path / "dataset")
    dataset, kind = world.dataset(), mask_type("spine")
    for case in dataset.cases():
        labels = load_mask(dataset, case, kind)
        save_mask(dataset, case, kind, labels, image=read_image(case.image), rater="AB", status="corrected")
    station = StationProcess(world.root, tmp_path / "station.log", program=(STATION,))
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = Page(context.new_page())
    page.open(station.url)
    page.act("open", "sub-01_T2w", "spine")
    page.until("case_kind", "value === 'spine'")
    yield page
    context.close()
    station.stop()


def test_a_version_is_built_and_trained_on_while_the_page_stays_in_use_and_the_model_is_shipped(page):
    page.click("learn")
    page.page.get_by_role("heading", name="Learn: spine masks").wait_for()
    page.click("learnBuild")
    page.until("learn_stage", "value.startsWith('D1 is built')", timeout_s=60)
    page.until("learn_version", "value === 'D1'")
    page.click("learnTrain")
    page.until("learn_stage", "/epoch \\d+ of 20/.test(value)", timeout_s=60)
    assert page.page.evaluate(LOOKS) == []
    page.press("Escape")
    page.until("learn", "!value")
    page.act("open", "sub-02_T2w", "spine")
    page.until("case_title", "value.includes('sub-02')")
    page.until("message", "value.includes('spine_D1 is trained and installed')", timeout_s=60)
    page.click("learn")
    page.page.get_by_label("Choose spine_D1", exact=True).check()
    page.click("learnShip")
    page.until("learn_stage", "value.startsWith('spine_D1-fold0 is the champion now.')", timeout_s=60)
    champion = page.page.get_by_role("row").filter(has=page.page.get_by_title("The champion"))
    champion.get_by_text("spine_D1-fold0", exact=True).wait_for()
    assert page.page.evaluate(LOOKS) == []
    page.click("learnBuild")
    page.until("learn_version", "value === 'D2'", timeout_s=60)
    page.page.get_by_label("Version").select_option("D1")
    page.until("learn_version", "value === 'D1'")
    page.click("learnTrain")
    page.until("learn_stage", "/epoch \\d+ of 20/.test(value)", timeout_s=60)
    page.click("learnStop")
    page.until("learn_stage", "value.includes('cancelled')", timeout_s=60)
    assert page.page.evaluate(LOOKS) == []
    page.page.wait_for_timeout(1000)  # the list of versions is read again after each job
    assert page.page.get_by_label("Version").input_value() == "D1"
    assert page.errors == []
