"""The report shows what changed and where, needs nothing but itself, and runs nothing that a file name says."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image as Picture

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.cli.report import CaseResult, Report, render_report
from SpineGTRefineLib.cli.report.views import CaseViews
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, reorient
from SpineGTRefineLib.phantoms import make_spine

HOSTILE = "sub-<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def phantom():
    return make_spine(3, region="lumbar", spacing=3.0, rootlets=False)


@pytest.fixture(scope="module")
def spoiled(phantom):
    array = phantom.spine.array.copy()
    value = phantom.spine.scheme.value_of
    array[array == value("vertebra_L3")] = value("vertebra_L2")
    return phantom.spine.with_array(array)


def page_of(*cases, **fields):
    return render_report(Report("Title", "Intro.", cases, **fields))


@pytest.fixture(scope="module")
def html(phantom, spoiled):
    return page_of(CaseResult("sub-01_T2w", phantom.image, spoiled, phantom.spine, note="a note"))


def test_it_needs_no_other_file_no_network_and_no_script(html):
    page = Page(html)
    assert page.of("script") == page.of("link") == page.of("iframe") == []
    sources = [a.get("href") or a.get("src") for tag in ("image", "img", "use", "a") for a in page.of(tag)]
    assert [s for s in sources if not s.startswith(("data:image/png;base64,", "#"))] == []
    assert "url(" not in html
    assert "default-src 'none'" in html


@pytest.mark.parametrize("field", ["name", "note", "saved_as"])
def test_a_hostile_name_is_text_and_nothing_else(phantom, spoiled, field):
    fields = {"name": "sub-01_T2w", field: HOSTILE}
    page = Page(page_of(CaseResult(image=phantom.image, before=spoiled, after=phantom.spine, **fields)))
    assert page.of("script") == page.of("img") == []
    assert HOSTILE in page.texts or any(HOSTILE in text for text in page.texts)


def test_hostile_failures_decisions_and_commands_are_text_too(phantom, spoiled):
    case = CaseResult("sub-01", phantom.image, spoiled, phantom.spine, decisions=[HOSTILE])
    page = Page(page_of(case, failures=[(HOSTILE, HOSTILE)], next_steps=[(HOSTILE, HOSTILE)]))
    assert page.of("script") == page.of("img") == []
    assert sum(HOSTILE in text for text in page.texts) == 5


def test_every_plane_is_shown_before_after_and_changed(html):
    captions = [text for text in Page(html).texts if text in ("Before", "After", "Changes")]
    assert captions[:9] == ["Before", "After", "Changes"] * 3
    assert all(name in html for name in ("Sagittal", "Coronal", "Axial"))


def test_labels_are_outlined_in_their_colours_and_named(html, phantom):
    entry = phantom.spine.scheme[phantom.spine.scheme.value_of("vertebra_L2")]
    color = "#{:02x}{:02x}{:02x}".format(*entry.color)
    assert re.search(rf'<path d="M[^"]+Z" fill="{color}" stroke="{color}"><title>{entry.name}</title>', html)
    assert ">L2</text>" in html


def test_the_table_tells_what_changed_label_by_label(html, phantom):
    lost = phantom.spine.counts()[phantom.spine.scheme.value_of("vertebra_L3")]
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    row = next(row for row in rows if "L3 vertebra" in row)
    numbers = re.findall(r'<td class="number">([^<]*)</td>', row)
    assert numbers == ["43", "0", f"{lost:,}", f"{lost:,}", "", "0.000"]


def test_every_case_that_failed_is_named_with_its_reason():
    page = page_of(failures=[("sub-09_T2w", "The mask lies on another grid.")])
    assert "sub-09_T2w" in page
    assert "The mask lies on another grid." in page


def test_a_new_mask_has_no_before(phantom):
    html = page_of(CaseResult("sub-01", phantom.image, None, phantom.spine))
    assert html.count("<figcaption>Now</figcaption>") == 3
    for said_of_a_comparison in ("<figcaption>Before", "<figcaption>Changes", "Suspicious before", "removed</span>"):
        assert said_of_a_comparison not in html


def test_values_that_the_scheme_does_not_know_are_shown_as_such(phantom, spoiled):
    array = spoiled.array.copy()
    array[phantom.spine.array > 0] = 255
    assert "unknown value 255" in page_of(CaseResult("sub-01", phantom.image, spoiled.with_array(array), phantom.spine))


def test_an_image_of_one_value_and_an_empty_mask_still_make_a_page(phantom):
    flat = Image(np.full(phantom.image.array.shape, 7, np.int16), phantom.image.geometry)
    empty = phantom.spine.with_array(np.zeros_like(phantom.spine.array))
    assert "sub-01" in page_of(CaseResult("sub-01", flat, empty, empty))


def test_not_a_number_in_the_image_is_drawn_dark(phantom):
    array = phantom.image.array.astype(np.float32)
    array[::2] = np.nan
    assert "sub-01" in page_of(CaseResult("sub-01", Image(array, phantom.image.geometry), None, phantom.spine))


def corner_case():
    """One bright voxel in front, above and to the left of the patient's middle, the rest dark."""
    geometry = Geometry((5, 5, 5), np.eye(4))
    array = np.ones((5, 5, 5), np.int16)
    array[0, 4, 4] = 100  # RAS: i = 0 is left, j = 4 is front, k = 4 is top
    return Image(array, geometry), geometry


def bright_pixel(view):
    png = base64.b64decode(view.ground().png)
    row, column = np.argwhere(np.asarray(Picture.open(io.BytesIO(png))) == 255)[0]
    return int(row), int(column)


@pytest.mark.parametrize("stored", ["RAS", "LPI", "PIR", "ASL"])
def test_pictures_follow_radiologists_whatever_the_storage_order(stored):
    image, geometry = corner_case()
    labels = LabelMap(np.zeros(geometry.shape, np.uint8), geometry, scheme("spine"))
    image, labels = reorient(image, stored), reorient(labels, stored)
    views = CaseViews(image, None, labels)
    assert bright_pixel(views.slice(0, 4)) == (0, 0)  # sagittal: front on the left, head up
    assert bright_pixel(views.slice(1, 0)) == (0, 4)  # coronal: the patient's left on the right
    assert bright_pixel(views.slice(2, 0)) == (0, 4)  # axial: front up, the patient's left on the right


def test_thick_slices_keep_their_proportions():
    geometry = Geometry((4, 10, 10), np.diag([4.0, 1.0, 1.0, 1.0]))
    array = np.ones(geometry.shape, np.uint8)
    views = CaseViews(Image(array, geometry), None, LabelMap(array, geometry, scheme("spine")))
    coronal = views.slice(1, 5).ground()
    assert (coronal.width, coronal.height) == (16.0, 10.0)
    assert (coronal.columns, coronal.rows) == (4, 10)


def test_the_place_of_a_problem_is_marked(phantom):
    views = CaseViews(phantom.image, None, phantom.spine)
    where = np.argwhere(phantom.spine.array == phantom.spine.scheme.value_of("vertebra_L3"))[7]
    view = views.sagittal_at(phantom.spine.geometry.to_world(where), 30.0)
    column, row = view.mark
    assert view.after[int(row), int(column)] == phantom.spine.array[tuple(where)]


def test_a_problem_outside_the_image_is_shown_at_its_border(phantom):
    view = CaseViews(phantom.image, None, phantom.spine).sagittal_at((1e4, -1e4, 1e4), 30.0)
    assert view.image.size > 0
