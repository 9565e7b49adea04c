"""The right column: structures, tools, looks, levels, and what the rater thinks."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from .controls import button, choice, do, head, icon_button, slider, tick

TOOLS = (
    ("none", "mdi-cursor-default", "No tool (Esc)"),
    ("paint", "mdi-brush", "Paint (1)"),
    ("erase", "mdi-eraser", "Erase (2)"),
    ("draw", "mdi-draw", "Draw (3)"),
    ("scissors", "mdi-content-cut", "Scissors (4)"),
    ("threshold", "mdi-contrast-circle", "Threshold (5)"),
    ("islands", "mdi-dots-hexagon", "Islands (6)"),
    ("smoothing", "mdi-blur", "Smoothing (7)"),
)


def build_right() -> None:
    """Add the column."""
    with html.Div(classes="right", role="complementary", __properties=["role"]):
        _structures()
        _tools()
        _levels()
        _looks()
        _finish()


def _structures() -> None:
    head("Structures")
    with html.Div(classes="segments"):
        with html.Div(v_for="segment in segments", key="segment.id", classes="line", style="gap: 0"):
            with html.Button(
                classes=("segment.key === active ? 'row on grow' : 'row grow'",),
                click=do("select", "segment.key"),
                raw_attrs=[
                    'data-testid="segment"',
                    ":data-key='segment.key'",
                    ":aria-pressed='segment.key === active'",
                ],
            ):
                html.Span(classes="swatch", style=("{background: segment.color}",))
                html.Span("{{ segment.name }}", classes="grow cut")
                v3.VIcon(
                    "mdi-check-decagram", v_if="segment.verified", size="small", color="success", title="vouched for"
                )
                html.Span("{{ segment.value }}", classes="faint")
            icon_button(
                ("segment.shown ? 'mdi-eye' : 'mdi-eye-off'",),
                "Show or hide",
                do("toggleSegment", "segment.id"),
                "segment-eye",
            )
        html.Div("No structure yet: add one below.", v_if="is_open && !segments.length", classes="empty")
    with html.Div(classes="pad line", style="flex-direction: row"):
        choice("to_add", "addable", "Add a structure", classes="grow")
        button("Add", "add", disabled=("!can_edit || !to_add",))


def _tools() -> None:
    with html.Div(classes="part"):
        head("Tools")
    with html.Div(classes="pad"):
        with html.Div(classes="tools"):
            for name, icon, text in TOOLS:
                v3.VBtn(
                    icon=icon,
                    size="small",
                    rounded="lg",
                    click=do("tool", repr(name)),
                    title=text,
                    disabled=("!can_edit",),
                    color=(f"tool === '{name}' ? 'primary' : undefined",),
                    variant=(f"tool === '{name}' ? 'flat' : 'tonal'",),
                    style="width: 100%",
                    **{"aria-label": text, "data-testid": f"tool-{name}"},
                    __properties=["aria-label", "data-testid", "title"],
                )
        with html.Div(v_if="tool === 'paint' || tool === 'erase'"):
            slider("brush_mm", "Brush, mm", 1, 60, 1)
            tick("sphere", "Ball instead of disc (S)")
        choice("scissors", "scissor_modes", "Scissors", v_if="tool === 'scissors'")
        with html.Div(v_if="tool === 'threshold' || in_range_only"):
            v3.VRangeSlider(
                v_model=("intensity",),
                min=("intensity_limits[0]",),
                max=("intensity_limits[1]",),
                step=("(intensity_limits[1] - intensity_limits[0]) / 200",),
                density="compact",
                hide_details=True,
                thumb_size=14,
                **{"aria-label": "Intensities", "data-testid": "intensity"},
                __properties=["aria-label", "data-testid"],
            )
        with html.Div(v_if="tool === 'islands'"):
            slider("island_voxels", "Smaller than", 1, 2000, 1)
        with html.Div(v_if="tool === 'smoothing'", classes="pad", style="padding: 0"):
            choice("smoothing", "smoothings", "Method")
            slider("smooth_mm", "Size, mm", 0.5, 10, 0.5)
        button(
            "{{ {threshold: 'Take these intensities', islands: 'Remove small pieces', smoothing: 'Smooth'}[tool] }}",
            "applyTool",
            v_if="['threshold', 'islands', 'smoothing'].includes(tool)",
            disabled=("!can_edit || !active",),
        )
        choice("area", "areas", "Tools may change")
        tick("in_range_only", "Only within the chosen intensities")


def _levels() -> None:
    with html.Div(classes="part"):
        head("{{ active_name ? 'Levels: ' + active_name : 'Levels' }}")
    with html.Div(classes="pad"):
        with html.Div(classes="two"):
            button("Shift up", "shiftUp", icon="mdi-arrow-up", disabled=("!can_edit || !is_vertebra",))
            button("Shift down", "shiftDown", icon="mdi-arrow-down", disabled=("!can_edit || !is_vertebra",))
            button("Largest piece", "keepLargest", disabled=("!can_edit || !active",))
            button("Fill slices", "fillBetween", disabled=("!can_edit || !active",), title="Fill between drawn slices")
        choice("partner", "partners", "With")
        with html.Div(classes="three"):
            for act, text in (("swap", "Swap"), ("merge", "Merge"), ("rename", "Rename")):
                v3.VBtn(
                    text,
                    size="small",
                    variant="tonal",
                    click=do("partner", repr(act)),
                    disabled=("!can_edit || !active || !partner",),
                    **{"data-testid": f"partner-{act}"},
                    __properties=["data-testid"],
                )


def _looks() -> None:
    with html.Div(classes="part"):
        head("Looks")
    with html.Div(classes="pad"):
        slider("opacity", "Opacity", 0, 1, 0.05)
        with html.Div(classes="two"):
            tick("outline", "Outlines (O)")
            tick("hidden", "Hide (H)")
        with html.Div(classes="two"):
            choice("window", "windows", "Window")
            choice("contrast", "contrasts", "Second image")
        with html.Div(v_if="contrast !== 'none'"):
            slider("fade", "Fade", 0, 1, 0.05)
        tick("show_3d", "3-D view")


def _finish() -> None:
    with html.Div(classes="part"):
        head("Your opinion")
    with html.Div(classes="pad"):
        v3.VTextField(
            v_model=("note",),
            label="Note (C)",
            density="compact",
            variant="outlined",
            hide_details=True,
            disabled=("!can_edit",),
            **{"data-testid": "note"},
            __properties=["data-testid"],
        )
        choice("grade", "grades", "Grade", disabled=("!can_edit",))
        with html.Div(classes="line"):
            button("{{ active_verified ? 'Take back' : 'Vouch for it' }}", "verify", disabled=("!can_edit || !active",))
            html.Span("{{ verified_text }}", classes="faint")
        with html.Div(classes="two"):
            button("Flag and next", "flagAndNext", icon="mdi-flag", disabled=("!can_edit",))
            button("Exclude", "exclude", disabled=("!can_edit",))
            button("Keep draft", "draft", disabled=("!can_edit",))
            button("Discard edits", "giveUp", disabled=("!can_edit || !dirty",))
        html.Div("{{ draft_text }}", classes="faint", **{"data-testid": "draft_text"}, __properties=["data-testid"])
