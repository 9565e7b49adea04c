"""The left column: worklist, problems, models and comparison, one at a time."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from .controls import button, choice, do, head


def build_left() -> None:
    """Add the column."""
    with html.Div(classes="left", role="complementary", __properties=["role"]):
        with v3.VTabs(v_model=("tab",), density="compact", grow=True, height=36, style="flex: none"):
            for name, text in (("worklist", "Worklist"), ("problems", "Check"), ("compare", "Compare")):
                v3.VTab(text, value=name, size="small", **{"data-testid": f"tab-{name}"}, __properties=["data-testid"])
        _worklist()
        _problems()
        _compare()


def _worklist() -> None:
    with html.Div(v_if="tab === 'worklist'", classes="scroll d-flex flex-column"):
        with html.Div(classes="pad", style="flex: none"):
            v3.VTextField(
                v_model=("filter_text",),
                placeholder="Find a case",
                prepend_inner_icon="mdi-magnify",
                density="compact",
                variant="outlined",
                hide_details=True,
                **{"aria-label": "Find a case", "data-testid": "filter_text"},
                __properties=["aria-label", "data-testid"],
            )
            with html.Div(classes="two"):
                choice("filter_status", "statuses", "Status")
                choice("filter_kind", "kinds", "Mask")
            html.Div("{{ progress }}", classes="faint", **{"data-testid": "progress"}, __properties=["data-testid"])
        with html.Div(classes="scroll"):
            with html.Button(
                v_for="row in rows",
                key="row.id",
                classes=("row.id === row_key ? 'row on' : 'row'",),
                click=do("open", "row.case", "row.kind"),
                title=("row.case + ', ' + row.kind + ', ' + row.status",),
                raw_attrs=['data-testid="case-row"', ":data-key='row.id'"],
            ):
                v3.VIcon("{{ row.icon }}", size="small")
                with html.Div(classes="grow"):
                    html.Div("{{ row.case }}", classes="cut")
                    html.Div(
                        "{{ row.kind }} · {{ row.status }}{{ row.rater ? ' by ' + row.rater : '' }}",
                        classes="faint cut",
                        style="font-size: 11px",
                    )
                html.Span("{{ row.risk || row.time }}", classes="faint", style="font-size: 11px")
            html.Div("No mask fits these filters.", v_if="rows.length === 0", classes="empty")


def _problems() -> None:
    with html.Div(v_if="tab === 'problems'", classes="scroll d-flex flex-column"):
        with html.Div(classes="pad line", style="flex-direction: row; flex: none"):
            html.Span(
                "{{ problem_summary }}",
                classes="grow",
                **{"data-testid": "problem-summary"},
                __properties=["data-testid"],
            )
            button("Back", "previousProblem", disabled=("!problems.length",))
            button("Next", "nextProblem", disabled=("!problems.length",))
        with html.Div(classes="scroll"):
            with html.Button(
                v_for="(row, place) in problems",
                key="place",
                classes=("place === problem ? 'row on' : 'row'",),
                click=do("problem", "place"),
                raw_attrs=['data-testid="problem-row"'],
            ):
                v3.VIcon("{{ row.icon }}", size="small", classes=("'is-' + row.severity",))
                with html.Div(classes="grow"):
                    html.Div("{{ row.name }}")
                    html.Div("{{ row.text }}", classes="faint", style="font-size: 12px")
            html.Div("The check finds nothing to look at.", v_if="is_open && !problems.length", classes="empty")
        html.Div("{{ remedy }}", v_if="remedy", classes="pad part", style="flex: none")


def _compare() -> None:
    with html.Div(v_if="tab === 'compare'", classes="scroll"):
        head("Run a model")
        with html.Div(classes="pad"):
            choice("recipe", "recipes", "Model")
            with html.Div(classes="two"):
                button("Run", "run", icon="mdi-play", disabled=("!can_run || !is_open || !recipe || running",))
                button("Cancel", "cancel", disabled=("!running",))
            v3.VProgressLinear(model_value=("run_percent",), height=4, color="primary", v_show="running")
            html.Div("{{ run_stage }}", classes="faint", **{"data-testid": "run_stage"}, __properties=["data-testid"])
            html.Div("No Python with PyTorch and nnU-Net was found: spine-gt-refine env create models", v_if="!can_run")
        with html.Div(classes="part"):
            head("Compare and adopt")
        with html.Div(classes="pad"):
            choice("version", "versions", "Version", no_data_text="Nothing to compare with")
            with html.Div(classes="two"):
                button("Compare", "compare", disabled=("versions.length === 0",))
                button("Stop", "stopComparing", disabled=("!comparing",))
            html.Div("{{ difference }}", **{"data-testid": "difference"}, __properties=["data-testid"])
            _differences()
            with html.Div(classes="two", v_if="comparing"):
                button("Adopt all", "adoptAll", color="primary", disabled=("!can_edit || !differences.length",))
                button("Adopt ticked", "adoptChosen", disabled=("!can_edit || !chosen.length",))
            v3.VSwitch(
                v_if="comparing",
                v_model=("blink",),
                label="Show it instead of my mask (K)",
                color="primary",
                classes="ml-2",
                density="compact",
                hide_details=True,
            )


def _differences() -> None:
    with html.Table(classes="diff", v_if="differences.length"):
        with html.Tr():
            for text in ("", "Structure", "Mine", "Theirs", "Dice"):
                html.Th(text)
        with html.Tr(v_for="row in differences", key="row.key"):
            with html.Td():
                html.Input(
                    type="checkbox",
                    v_model=("chosen",),
                    value=("row.key",),
                    raw_attrs=[":aria-label=\"'Adopt ' + row.name\""],
                )
            for name in ("name", "before", "after", "dice"):
                html.Td(f"{{{{ row.{name} }}}}")
