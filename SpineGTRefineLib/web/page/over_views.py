"""The middle: a bar with how the case is seen, what is written over the views, and what stands there without a case."""

from __future__ import annotations

from typing import Any

from trame_slicer.app.logic.slice_view_logic import connect_slice_view_slider_to_state

from .controls import Value, box, button, choice, do, icon, icon_button, slide, switch, tag

EDGES = {
    "Sagittal": {"left": "A", "right": "P", "top": "S", "bottom": "I"},
    "Coronal": {"left": "R", "right": "L", "top": "S", "bottom": "I"},
    "Axial": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
}
"""Where the patient's sides are in each view: anterior, posterior, superior, inferior, right, left."""


def build_bar() -> None:
    """Add the bar."""
    with box("bar", role="toolbar", aria_label="How the case is seen"):
        choice("window", "windows", "Brightness")
        with tag("Label", "", "field"):
            tag("Span", "Masks")
            slide("opacity", "Opacity of masks", 0, 1, 0.05)
        with box("line", style="gap: 4px"):
            switch("outline", "mdi-vector-polygon", "Outlines only (O)")
            switch("hidden", "mdi-eye-off", "Hide all masks (H)")
        choice("contrast", "contrasts", "Second image", when="contrasts.length > 1")
        with box("line", v_if="contrast !== 'none'"):
            slide("fade", "How much of the second image is seen", 0, 1, 0.05)
        box("grow")
        icon_button("mdi-fit-to-screen-outline", "Show the whole image (R)", do("fit"), "fit", when="is_open")
        hint = "Surfaces in a view of their own; drawing is slower meanwhile"
        button(
            "3-D",
            "surfaces",
            image="mdi-cube-outline",
            css="btn plain",
            aria_pressed=("show_3d",),
            title=hint,
            data_testid="show_3d",
        )


def over_slice(server: Any, view_id: str, view: Any) -> None:
    """Add to a slice view its name, the patient's sides and a slider through the slices."""
    del view_id
    plane = view.get_orientation()
    tag("Div", plane, css="view-name")
    for side, letter in EDGES[plane].items():
        tag("Div", letter, f"edge at-{side}", aria_hidden="true")
    names = connect_slice_view_slider_to_state(server, view).name
    low, high, step = (names.min_value,), (names.max_value,), (names.step,)
    slide(names.value, f"{plane} slice", low, high, step, css="slice-slider", data_testid=f"slice-{plane}")


def over_3d(server: Any, view_id: str, view: Any) -> None:
    """Add to the 3-D view its name."""
    del server, view_id, view
    tag("Div", "3-D", "view-name")


def build_states() -> None:
    """Add what stands in the place of the views while there is no case to show, and what is said over them."""
    _opening()
    _failure()
    _nothing_open()
    _notices()


def _opening() -> None:
    with box("opening", role="status"):
        tag("I", aria_hidden="true")
        tag("Span", "One moment")


def _failure() -> None:
    with box("whole", v_if="!is_open && failure"), box("card", role="alert"):
        with box("line error"):
            icon("mdi-alert-circle-outline")
            tag("H2", "This mask cannot be opened")
        tag("P", "{{ failure.what }}", "faint")
        tag("P", "{{ failure.cause }}")
        tag("P", "{{ failure.remedy }}", v_if="failure.remedy")
        with box("line"):
            button("Next mask to do", "nextToDo", css="btn main")
            button("Try again", "again")


def _nothing_open() -> None:
    with box("whole", v_if="!is_open && !failure"), box("card"):
        with box("line"):
            icon("{{ idle.icon }}")
            tag("H2", "{{ idle.title }}")
        tag("P", "{{ idle.text }}")
        tag("Code", "{{ idle.command }}", v_if="idle.command")


def _notices() -> None:
    each: dict[str, Value] = {
        "v_for": "(notice, place) in notices",
        "key": ("place + notice.text",),
        "data_testid": "notice",
    }
    with box("notices", aria_live="polite"), box(("['notice', notice.level]",), **each):
        icon("{{ notice.icon }}")
        tag("Span", "{{ notice.text }}", "grow")
        icon_button("mdi-close", "Dismiss", do("dismiss", "place"), "dismiss")
