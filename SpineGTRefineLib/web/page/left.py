"""The left column: which mask, what is wrong with it, and what others propose; one at a time."""

from __future__ import annotations

from .controls import box, button, choice, do, head, icon, progress, tabs, tag, tick

PAGES = {
    "worklist": "Worklist",
    "problems": "Check{{ problems.length ? ' (' + problems.length + ')' : '' }}",
    "compare": "Proposals{{ versions.length ? ' (' + versions.length + ')' : '' }}",
}


def build_left() -> None:
    """Add the column."""
    with tag("Aside", "", "left", aria_label="Worklist, check and proposals"):
        tabs("tab", "What the left column shows", PAGES)
        _worklist()
        _problems()
        _proposals()


def _worklist() -> None:
    with box("column", v_if="tab === 'worklist'", role="tabpanel", aria_label="Worklist"):
        with box("pad"):
            hint = {"placeholder": "Find a case", "aria_label": "Find a case"}
            tag("Input", type="search", v_model="filter_text", data_testid="filter_text", **hint)
            choice("filter_kind", "kinds", "Masks")
            choice("filter_status", "statuses", "Status")
            with box("progress", aria_hidden="true"):
                tag("Div", style=("{width: (total ? 100 * done / total : 0) + '%'}",))
            tag("Span", "{{ progress }}", "faint", data_testid="progress")
        with box("scroll", data_list="cases", role="group", aria_label="Cases"):
            with tag(
                "Button",
                v_for="row in rows",
                key=("row.id",),
                on_click=do("open", "row.case", "row.kind"),
                title=("row.case + ', ' + row.kind + ': ' + row.status",),
                aria_current=("row.id === row_key",),
                data_testid="case-row",
                data_key=("row.id",),
                css=("['row', row.id === row_key && 'on']",),
                data_row=True,
            ):
                icon("{{ row.icon }}")
                with tag("Span", "", "grow"):
                    tag("Div", "{{ row.case }}", "cut")
                    tag(
                        "Div",
                        "{{ row.kind }} · {{ row.status }}{{ row.rater ? ' by ' + row.rater : '' }}",
                        css="faint cut small",
                    )
                tag("Span", "{{ row.risk || row.time }}", "faint small", title=("row.hint",))
            tag("Div", "{{ no_rows }}", v_if="rows.length === 0", css="empty")


def _problems() -> None:
    with box("column", v_if="tab === 'problems'", role="tabpanel", aria_label="Check"):
        with box("pad"):
            tag("Span", "{{ problem_summary }}", data_testid="problem-summary", role="status")
            with box("equal"):
                button("Previous", "previousProblem", when="problems.length", title="Previous problem (P)")
                button("Next", "nextProblem", when="problems.length", title="Next problem (N)")
        with box("scroll", data_list="problems", role="group", aria_label="Problems"):
            with tag(
                "Button",
                v_for="(row, place) in problems",
                key=("place",),
                on_click=do("problem", "place"),
                aria_current=("place === problem",),
                data_testid="problem-row",
                css=("['row top-aligned', place === problem && 'on']",),
                data_row=True,
            ):
                with tag("Span", css=("row.severity",)):
                    icon("{{ row.icon }}")
                with tag("Span", "", "grow"):
                    tag("Div", "{{ row.name }}: {{ row.word }}")
                    tag("Div", "{{ row.text }}", "faint small")
                    tag("Div", "{{ remedy }}", v_if="place === problem && remedy", css="small")
            with box("empty", v_if="is_open && !problems.length"):
                icon("mdi-check-circle-outline")
                tag("Div", "The check finds nothing to look at.")
            tag("Div", "{{ remedy }}", v_if="remedy && !problems.length", css="empty")


def _proposals() -> None:
    with box("scroll", v_if="tab === 'compare'", role="tabpanel", aria_label="Proposals"):
        _models()
        with box("part"):
            head("Compare and adopt")
        with box("pad"):
            choice("version", "versions", "With", when="versions.length", empty="Nothing to compare with")
            with box("equal"):
                button("Compare", "compare", when="versions.length")
                button("Stop", "stopComparing", when="comparing")
            hint = "Its outlines lie over your mask. Nothing changes until you adopt."
            tag("Div", hint, "faint small", v_if="comparing")
            tick("blink", "Show it instead of my mask (K)", v_if="comparing")
            with box("equal", v_if="comparing"):
                button("Adopt all", "adoptAll", when="can_edit && differences.length")
                button("Adopt ticked", "adoptChosen", when="can_edit && chosen.length")
            tag("Div", "{{ difference }}", v_if="difference", data_testid="difference")
            _differences()


def _models() -> None:
    head("Run a model")
    with box("pad"):
        choice("recipe", "recipes", "Model", when="can_run", empty="Choose one")
        with box("equal"):
            button("Run", "run", image="mdi-play", when="can_run && is_open && recipe && !running", title="Run (M)")
            button("Cancel", "cancel", when="running")
        progress("run_percent", "Run", when="running")
        tag("Div", "{{ run_stage }}", v_if="run_stage", css="faint", data_testid="run_stage", role="status")
        with box("line error", v_if="run_error", role="alert"):
            icon("mdi-alert-circle-outline")
            tag("Span", "{{ run_error }}", data_testid="run_error")
        with box("faint", v_if="!can_run"):
            tag("Div", "No Python with PyTorch and nnU-Net was found. In a terminal:")
            tag("Code", "spine-gt-refine env create models")


def _differences() -> None:
    with tag("Table", "", "difference", v_if="differences.length"):
        with tag("Tr"):
            for text in ("", "Structure", "Mine", "Its", "Dice"):
                tag("Th", text)
        with tag("Tr", v_for="row in differences", key=("row.key",)):
            with tag("Td"):
                adopt = ("'Adopt ' + row.name",)
                tag("Input", type="checkbox", v_model="chosen", value=("row.key",), aria_label=adopt)
            for name in ("name", "before", "after", "dice"):
                tag("Td", f"{{{{ row.{name} }}}}")
