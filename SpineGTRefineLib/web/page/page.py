"""The whole page: bar on top, columns left and right, views between them, status below, and what lies over it."""

from __future__ import annotations

from typing import Any

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import client, html
from trame.widgets import vuetify3 as v3

from ..display import Display
from .controls import button, icon_button
from .left import build_left
from .right import build_right
from .script import SCRIPT
from .style import STYLE, THEME


def build_page(server: Any, display: Display) -> None:
    """Make the page of a server."""
    with VAppLayout(server, vuetify_config={"theme": THEME}) as page:
        client.Style(STYLE)
        client.Script(SCRIPT)
        with html.Div(id="work"):
            _top()
            build_left()
            with html.Div(classes="views", role="main", __properties=["role"]):
                display.layouts.initialize_layout_grid(page)
                _no_case()
            build_right()
            _status()
        _sheet()
        _curtain()


def _top() -> None:
    with html.Div(classes="top", role="banner", __properties=["role"]):
        html.Strong("SpineGTRefine", style="color: #6fa8dc")
        html.Span("{{ dataset_name }}", classes="faint cut", style="max-width: 180px")
        icon_button("mdi-chevron-left", "Previous mask (Alt+P)", "utils.station.act('previousCase')", "previousCase")
        icon_button("mdi-chevron-right", "Next mask (Alt+N)", "utils.station.act('nextCase')", "nextCase")
        with html.Div(classes="grow"):
            html.Div(
                "{{ case_title }}{{ case_kind ? ' · ' + case_kind : '' }}",
                classes="cut",
                **{"data-testid": "case-title"},
                __properties=["data-testid"],
            )
            html.Div("{{ origin ? 'Started from: ' + origin : '' }}", classes="faint cut", style="font-size: 11px")
        button("Take over", "takeOverMask", v_if="is_open && !can_edit", color="warning")
        icon_button("mdi-undo", "Undo (Ctrl+Z)", "utils.station.act('undo')", "undo", disabled=("!undo_text",))
        html.Span(
            "{{ undo_text ? 'Undo: ' + undo_text : '' }}",
            classes="faint cut",
            style="max-width: 190px; font-size: 12px",
            **{"data-testid": "undo-text"},
            __properties=["data-testid"],
        )
        icon_button("mdi-redo", "Redo (Ctrl+Y)", "utils.station.act('redo')", "redo", disabled=("!redo_text",))
        icon_button("mdi-keyboard-outline", "Keys (?)", "sheet = !sheet", "keys")
        button("Save and next", "saveAndNext", variant="flat", color="primary", disabled=("!can_edit",))


def _status() -> None:
    with html.Div(classes="status", role="status", __properties=["role"]):
        html.Span(
            "{{ message }}",
            classes=("'grow cut is-' + message_level",),
            title=("message",),
            **{"data-testid": "message"},
            __properties=["data-testid"],
        )
        html.Span("{{ dirty ? 'not saved yet' : '' }}", classes="is-warning")
        html.Span("{{ rater }}", classes="faint", title="rater")


def _no_case() -> None:
    with html.Div(classes="no-case", v_if="!is_open"), html.Div(classes="empty"):
        v3.VIcon("mdi-check-circle-outline", size=48)
        html.P("No mask is open. Choose one from the worklist, or change the filters.", classes="mt-3")


def _sheet() -> None:
    with html.Div(v_if="sheet", classes="sheet", role="dialog", raw_attrs=['aria-label="Keys"'], __properties=["role"]):
        html.Strong("Keys")
        with html.Table(), html.Tr(v_for="key in key_map", key="key.act"):
            with html.Td():
                html.Kbd("{{ key.keys }}")
            html.Td("{{ key.text }}")
    with html.Div(
        v_if="objections.length", classes="sheet", style="bottom: auto", role="alertdialog", __properties=["role"]
    ):
        html.Strong("What stands against it")
        html.P("{{ each }}", v_for="each in objections", key="each", classes="my-2")
        with html.Div(classes="line"):
            button("Accept in spite of that", "insist", color="warning")
            v3.VBtn("Go back", size="small", variant="text", click="objections = []")


def _curtain() -> None:
    with html.Div(id="curtain", raw_attrs=["hidden", 'role="dialog"', 'aria-label="In use"']), html.Div(classes="card"):
        html.H3("The station is in use in another window")
        html.P("One person works here at a time. What was done there is kept, also when you take over.", classes="my-3")
        v3.VBtn("Take over", id="take-over", color="primary", click="utils.station.takeOver()")
