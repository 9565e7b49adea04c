"""The whole page: bar on top, columns left and right, views between them, status below, and what lies over it."""

from __future__ import annotations

from typing import Any

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import client

from ...resources import resource_path
from ..display import Display
from .controls import box, tag
from .dialogs import build_dialogs
from .frame import build_status, build_top
from .left import build_left
from .over_views import build_bar, build_states
from .right import build_right

THEME = {
    "defaultTheme": "station",
    "themes": {"station": {"dark": True, "colors": {"background": "#14171b", "surface": "#1b1f25"}}},
}


def build_page(server: Any, display: Display) -> None:
    """Make the page of a server."""
    with VAppLayout(server, vuetify_config={"theme": THEME}) as page:
        client.Style(resource_path("Station", "station.css").read_text(encoding="utf-8"))
        client.Script(resource_path("Station", "station.js").read_text(encoding="utf-8"))
        with tag("Div", id="work"):
            build_top()
            build_left()
            with tag("Main", "", "middle", aria_label="Views"):
                build_bar()
                with box("views"):
                    with box("layout", inert=("!is_open",)):
                        display.layouts.initialize_layout_grid(page)
                    build_states()
            build_right()
            build_status()
        build_dialogs()
