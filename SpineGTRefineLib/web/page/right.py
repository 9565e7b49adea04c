"""The right column from top to bottom: choose a structure, correct it, say what you think, save and go on."""

from __future__ import annotations

from .controls import box, button, choice, do, head, icon, icon_button, slide, slider, tabs, tag, tick

TOOLS = (
    ("none", "mdi-cursor-default", "No tool: the mouse scrolls, zooms and pans (Esc)"),
    ("paint", "mdi-brush", "Paint (1)"),
    ("erase", "mdi-eraser", "Erase (2)"),
    ("draw", "mdi-lasso", "Draw around (3)"),
    ("scissors", "mdi-content-cut", "Scissors (4)"),
    ("threshold", "mdi-contrast-circle", "Threshold (5)"),
    ("islands", "mdi-dots-hexagon", "Small pieces (6)"),
    ("smoothing", "mdi-blur", "Smoothing (7)"),
)
HINTS = {
    "none": "Wheel: slices. Right button: zoom. Middle button: move.",
    "draw": "Hold the left button and draw around an area: it is filled in this slice.",
    "scissors": "Hold the left button and draw around an area: it is cut through all slices.",
}
PAGES = {"draw": "Draw", "structure": "Levels", "slices": "Pieces and slices"}


def build_right() -> None:
    """Add the column."""
    with tag("Aside", "", "right", aria_label="Structures, tools and verdict"):
        _structures()
        with box("part edit"):
            tabs("mode", "What to do with the structure", PAGES)
            _draw()
            _levels()
            _slices()
        _verdict()


def _structures() -> None:
    with box("head"):
        tag("Span", "Structures", role="heading", aria_level=2)
        tag("Span", "{{ verified_text }}", data_testid="verified_text")
    with box("scroll", data_list="segments", role="group", aria_label="Structures"):
        with tag(
            "Div",
            v_for="segment in segments",
            key=("segment.id",),
            css=("['row segment', segment.key === active && 'on']",),
            data_row=True,
        ):
            with tag(
                "Button",
                type="button",
                on_click=do("select", "segment.key"),
                title=("segment.name",),
                aria_pressed=("segment.key === active",),
                data_testid="segment",
                data_key=("segment.key",),
                css="name",
            ):
                tag("Span", "", "swatch", style=("{background: segment.color}",))
                tag("Span", "{{ segment.name }}", "grow cut")
                tag("Span", "{{ segment.value }}", "faint small", title="Value in the file")
            _row_button("segment.verified", ("mdi-check-decagram", "mdi-decagram-outline"), "verify", "segment.key")
            _row_button("segment.shown", ("mdi-eye", "mdi-eye-off"), "toggleSegment", "segment.id")
        tag("Div", "No structure yet: add one below.", v_if="is_open && !segments.length", css="empty")
    with box("pad"), box("line"):
        choice(
            "to_add",
            "addable",
            "Structure to add",
            when="can_edit && addable.length",
            empty="Add a structure",
            css="field bare grow",
        )
        button("Add", "add", when="can_edit && to_add")


def _row_button(pressed: str, images: tuple[str, str], act: str, argument: str) -> None:
    """Add a mark to a row: vouched for or not, shown or not."""
    what, key = {"verify": ("Vouch for", " (V)"), "toggleSegment": ("Show", "")}[act]
    with tag(
        "Button",
        type="button",
        aria_label=(f"'{what} ' + segment.name",),
        title=(f"'{what} ' + segment.name + '{key}'",),
        aria_pressed=(pressed,),
        on_click=do(act, argument),
        data_testid=f"segment-{act}",
        css=(f"['btn icon plain mark', {pressed} || 'faint']",),
        disabled=("!can_edit" if act == "verify" else "false",),
    ):
        icon(f"{{{{ {pressed} ? '{images[0]}' : '{images[1]}' }}}}")


def _draw() -> None:
    with box("pad", v_if="mode === 'draw'", role="tabpanel", aria_label="Draw"):
        with box("tools", role="group", aria_label="Tools"):
            for name, image, text in TOOLS:
                when, pressed = "can_edit", (f"tool === '{name}'",)
                click = do("tool", repr(name))
                icon_button(image, text, click, f"tool-{name}", when=when, css="btn", aria_pressed=pressed)
        _tool_settings()
        choice("area", "areas", "May change", when="can_edit")
        tick("in_range_only", "Only voxels of these intensities")
        _intensities("in_range_only && tool !== 'threshold'")


def _tool_settings() -> None:
    for name, text in HINTS.items():
        tag("Div", text, v_if=f"tool === '{name}'", css="faint small")
    with tag("Div", v_if="tool === 'paint' || tool === 'erase'"):
        slider("brush_mm", "Brush", 1, 60, 1, " mm")
        tick("sphere", "A ball through several slices (S)")
    choice("scissors", "scissor_modes", "Scissors", v_if="tool === 'scissors'")
    slider("island_voxels", "Up to", 1, 2000, 1, " vox", v_if="tool === 'islands'")
    choice("smoothing", "smoothings", "Method", v_if="tool === 'smoothing'")
    slider("smooth_mm", "Size", 0.5, 10, 0.5, " mm", v_if="tool === 'smoothing'")
    _intensities("tool === 'threshold'")
    words = "{threshold: 'Take these intensities', islands: 'Remove small pieces', smoothing: 'Smooth the structure'}"
    shown = "['threshold', 'islands', 'smoothing'].includes(tool)"
    button(f"{{{{ {words}[tool] }}}}", "applyTool", when="can_edit && active", v_if=shown)


def _intensities(when: str) -> None:
    with tag("Div", v_if=when):
        _intensity("From", 0)
        _intensity("To", 1)


def _intensity(name: str, place: int) -> None:
    with tag("Label", "", "field"):
        tag("Span", name)
        limits = ("intensity_limits[0]",), ("intensity_limits[1]",)
        step = ("(intensity_limits[1] - intensity_limits[0]) / 200",)
        change = ("intensity = [$it, intensity[1]]", "intensity = [intensity[0], $it]")[place]
        slide(f"intensity[{place}]", f"Intensity {name.lower()}", *limits, step, change=change)
        tag("Output", f"{{{{ Math.round(intensity[{place}]) }}}}")


def _levels() -> None:
    with box("pad", v_if="mode === 'structure'", role="tabpanel", aria_label="Levels"):
        tag("Div", "{{ active_name || 'No structure is selected' }}", "cut")
        with box("equal"):
            shift = {"when": "can_edit && is_vertebra"}
            below = "it and all levels below get the name of the next one"
            button("Shift up", "shiftUp", image="mdi-arrow-up", title=f"Shift up: {below} above (U)", **shift)
            button("Shift down", "shiftDown", image="mdi-arrow-down", title=f"Shift down: {below} below (L)", **shift)
        choice("partner", "partners", "And", when="can_edit && partners.length", empty="Nothing alike")
        with box("equal"):
            for act, text, hint in (
                ("swap", "Swap", "Exchange the names of the two"),
                ("merge", "Merge", "Make it a part of the other one"),
                ("rename", "Rename", "Give it the name of the other one"),
            ):
                click, when = do("partner", repr(act)), "can_edit && active && partner"
                button(text, f"partner-{act}", click=click, when=when, title=hint)


def _slices() -> None:
    with box("pad", v_if="mode === 'slices'", role="tabpanel", aria_label="Pieces and slices"):
        tag("Div", "{{ active_name || 'No structure is selected' }}", "cut")
        selected = "can_edit && active"
        with box("equal"):
            button("Largest piece", "keepLargest", when=selected, title="Erase all pieces but the largest")
            button("Fill between", "fillBetween", when=selected, title="Fill between drawn slices")
        with box("equal"):
            copy = "Draw it in this slice as it is in the one"
            button("Copy before", "copyBefore", when=selected, title=f"{copy} before (D)")
            button("Copy after", "copyAfter", when=selected, title=f"{copy} after (Shift+D)")
        with box("equal"):
            hint = "You vouch for the slice under the mouse, or take that back (E)"
            button("Vouch for slice", "vouchSlice", when="can_edit", title=hint)
            tag("Span", "{{ slices_vouched }}", "faint small", style="align-self: center")


def _verdict() -> None:
    with box("part"):
        head("Your verdict")
    with box("pad"):
        with tag("Label", "", "field"):
            tag("Span", "Note (C)")
            tag(
                "Input",
                type="text",
                v_model_lazy="note",
                disabled=("!can_edit",),
                placeholder="What the next reader should know",
                aria_label="Note",
                data_testid="note",
            )
        choice("grade", "grades", "Grade", when="can_edit")
        with box("equal"):
            button("Exclude", "exclude", when="can_edit", title="Leave this mask out; the note says why")
            flag = "Somebody should look at it again (Ctrl+Shift+Enter)"
            button("Flag and next", "flagAndNext", when="can_edit", title=flag)
        button(
            "Save and next",
            "saveAndNext",
            when="can_edit",
            image="mdi-check",
            title="Accept the mask and open the next one (Ctrl+Enter)",
            css="btn main",
        )
